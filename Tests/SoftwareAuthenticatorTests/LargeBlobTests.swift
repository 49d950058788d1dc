import CBOR
import CTAP
import SoftwareAuthenticator
import TestSupport
import Testing
import WebAuthnModel

@Suite("largeBlob (§12)", .timeLimit(.minutes(2))) struct LargeBlobTests {
    private static func bench(
        _ flavour: Flavour = .securityKey, profile: Profile = .ctap23, storage: LargeBlobStorage = .credential
    ) -> Bench {
        Bench(flavour, profile: profile, configure: { $0.largeBlobStorage = storage })
    }

    private static func extensions(_ input: CBORValue) -> CBORMap {
        var map = CBORMap()
        map["largeBlob"] = input
        return map
    }

    private func register(
        _ bench: Bench, discoverable: Bool = true, user: [UInt8] = [1], support: LargeBlobSupport? = .preferred
    ) async throws -> Registered {
        var request = Bench.registration(user: user, discoverable: discoverable)
        request.extensions = support.map { Self.extensions($0.ctap) }
        return try await bench.register(request)
    }

    private func output(_ outputs: CBORMap?) throws -> LargeBlobOutput? {
        try outputs?["largeBlob"].map(LargeBlobOutput.init(ctap:))
    }

    private func logIn(
        _ bench: Bench, _ operation: LargeBlobOperation, _ allowList: [[UInt8]]? = nil, userPresence: Bool? = nil
    ) async throws -> LargeBlobOutput? {
        var request = Bench.authentication(allowList: allowList, userPresence: userPresence)
        request.extensions = Self.extensions(operation.ctap)
        let response = try await bench.assertion(request)
        // Never among what is signed.
        #expect(try AuthenticatorData(decoding: response.authenticatorData).extensions == nil)
        return try output(response.unsignedExtensionOutputs)
    }

    private static let blob = LargeBlobData(compressed: [1, 2, 3], originalSize: 77)

    @Test(
        "a registration is told whether there is room: with what is stored, there is",
        arguments: LargeBlobSupport.allCases)
    func registration(support: LargeBlobSupport) async throws {
        let bench = Self.bench()
        let stored = try await register(bench, support: support)
        #expect(try output(stored.response.unsignedExtensionOutputs) == .supported(true))
        #expect(stored.data.extensions == nil)
        let wrapped = try await register(bench, discoverable: false, support: support)
        #expect(try output(wrapped.response.unsignedExtensionOutputs) == .supported(false))
        let plain = try await register(bench, user: [2], support: nil)
        #expect(plain.response.unsignedExtensionOutputs == nil)
    }

    @Test(
        "nothing is read before something was written; then what was written last",
        arguments: [Flavour.securityKey, .phone])
    func readAndWrite(flavour: Flavour) async throws {
        let bench = Self.bench(flavour)
        let credential = try await register(bench)
        #expect(try await logIn(bench, .read, [credential.id]) == nil)
        #expect(try await logIn(bench, .write(Self.blob), [credential.id]) == .written(true))
        #expect(try await logIn(bench, .read, [credential.id]) == .read(Self.blob))
        #expect(try await logIn(bench, .read) == .read(Self.blob))
        let next = LargeBlobData(compressed: [], originalSize: 0)
        #expect(try await logIn(bench, .write(next), [credential.id]) == .written(true))
        #expect(try await logIn(bench, .read, [credential.id]) == .read(next))
        // It outlives the power, and goes with its credential.
        await bench.authenticator.powerCycle()
        #expect(try await logIn(bench, .read, [credential.id]) == .read(next))
        let replacement = try await register(bench)
        #expect(try await logIn(bench, .read, [replacement.id]) == nil)
    }

    @Test("nothing is written without allow list, without a touch, without room, or beyond the limit")
    func notWritten() async throws {
        let bench = Self.bench()
        let credential = try await register(bench)
        let write = LargeBlobOperation.write(Self.blob)
        #expect(try await logIn(bench, write) == .written(false))
        #expect(try await logIn(bench, write, []) == .written(false))
        #expect(try await logIn(bench, write, [credential.id], userPresence: false) == .written(false))
        for (count, isWritten) in [(4096, true), (4097, false)] {
            let long = LargeBlobData(compressed: [UInt8](repeating: 7, count: count), originalSize: 9)
            #expect(try await logIn(bench, .write(long), [credential.id]) == .written(isWritten))
        }
        let wrapped = try await register(bench, discoverable: false)
        #expect(try await logIn(bench, write, [wrapped.id]) == .written(false))
        let plain = try await register(bench, user: [2], support: nil)
        #expect(try await logIn(bench, write, [plain.id]) == .written(false))
        #expect(try await logIn(bench, .read, [plain.id]) == nil)
    }

    @Test("each of several credentials has a blob of its own, getNextAssertion's included")
    func several() async throws {
        let bench = Self.bench()
        for number in 1...3 as ClosedRange<UInt8> {
            let credential = try await register(bench, user: [number])
            let blob = LargeBlobData(compressed: [number], originalSize: UInt64(number))
            guard number != 2 else { continue }
            #expect(try await logIn(bench, .write(blob), [credential.id]) == .written(true))
        }
        #expect(try await logIn(bench, .read) == .read(LargeBlobData(compressed: [3], originalSize: 3)))
        let expected: [LargeBlobOutput?] = [nil, .read(LargeBlobData(compressed: [1], originalSize: 1))]
        for blob in expected {
            let response = await bench.respond(CTAPRequest(.getNextAssertion))
            #expect(try output(GetAssertionResponse(data: response.data).unsignedExtensionOutputs) == blob)
        }
    }

    @Test(
        "inputs of another shape are invalid before anybody is asked",
        arguments: [[:], ["read": false], ["write": .bytes([1])], 1, "read"] as [CBORValue])
    func malformed(input: CBORValue) async throws {
        let gate = RecordingGate()
        let bench = Bench(.securityKey, gate: gate, configure: { $0.largeBlobStorage = .credential })
        var registration = Bench.registration(discoverable: true)
        registration.extensions = Self.extensions(input)
        #expect(await bench.status(registration.request) == .invalidCBOR)
        #expect(gate.requests.isEmpty)
        registration.extensions = nil
        #expect(await bench.status(registration.request) == .success)
        var login = Bench.authentication()
        login.extensions = Self.extensions(input)
        #expect(await bench.status(login.request) == .invalidCBOR)
        #expect(gate.requests.count == 1)
    }

    @Test("writing changes the credential store's state, reading does not")
    func storeState() async throws {
        let bench = Self.bench()
        let credential = try await register(bench)
        let before = bench.store.census().changeCount
        _ = try await logIn(bench, .read, [credential.id])
        #expect(bench.store.census().changeCount == before)
        _ = try await logIn(bench, .write(Self.blob), [credential.id])
        #expect(bench.store.census().changeCount == before + 1)
    }

    @Test("§6.4: it excludes largeBlobKey, the command and its permission, and the other way round")
    func exclusion() async throws {
        for storage in LargeBlobStorage.allCases {
            let bench = Self.bench(storage: storage)
            let info = try await bench.client.getInfo()
            let isArray = storage == .array
            #expect(info.extensions?.contains("largeBlob") == !isArray)
            #expect(info.extensions?.contains("largeBlobKey") == isArray)
            #expect(info.options["largeBlobs"] == (isArray ? true : nil))
            #expect((info.maximumSerializedLargeBlobArray != nil) == isArray)
            let read = LargeBlobsRequest(get: 17, offset: 0)
            #expect(await bench.status(read.request) == (isArray ? .success : .invalidCommand))
            let platform = PINPlatform(bench: bench)
            try await platform.setUsualPIN()
            let status = try await platform.tokenStatus("1234", .largeBlobWrite)
            #expect(status == (isArray ? .success : .unauthorizedPermission))
        }
    }

    @Test("where it is not, it is ignored", arguments: [Profile.ctap21, .compat20])
    func earlierProfiles(profile: Profile) async throws {
        let bench = Self.bench(profile: profile)
        #expect(try await bench.client.getInfo().extensions?.contains("largeBlob") == false)
        let credential = try await register(bench)
        #expect(credential.response.unsignedExtensionOutputs == nil)
        #expect(try await logIn(bench, .write(Self.blob), [credential.id]) == nil)
    }
}
