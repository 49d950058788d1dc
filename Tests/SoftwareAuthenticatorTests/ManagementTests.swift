import CBOR
import CTAP
import Crypto
import Foundation
import SoftwareAuthenticator
import TestSupport
import Testing
import WebAuthnModel

@Suite("Management (§6.7 to §6.11)", .timeLimit(.minutes(2)))
struct ManagementTests {
    private static func management(
        _ number: UInt64, _ parameters: CBORMap? = nil, _ token: PINUVAuthToken? = nil
    ) -> CTAPRequest {
        var request = CredentialManagementRequest(number, parameters: parameters)
        if let token {
            request.pinUVAuthProtocol = token.pinUVAuthProtocol.rawValue
            request.pinUVAuthParam = token.authenticate(request.authenticatedMessage)
        }
        return request.request
    }

    private static func config(
        _ number: UInt64, _ parameters: CBORMap? = nil, _ token: PINUVAuthToken? = nil
    ) -> CTAPRequest {
        var request = ConfigRequest(number, parameters: parameters)
        if let token {
            request.pinUVAuthProtocol = token.pinUVAuthProtocol.rawValue
            request.pinUVAuthParam = token.authenticate(request.authenticatedMessage)
        }
        return request.request
    }

    private static func map(_ entries: [(Int, CBORValue)]) -> CBORMap {
        var map = CBORMap()
        for (key, value) in entries { map[CBORValue(key)] = value }
        return map
    }

    @Test("§6.8: the gate before every subcommand but the continuations", arguments: [1, 2, 4, 6, 7] as [UInt64])
    func managementGate(number: UInt64) async throws {
        let platform = try await PINTests.platform()
        let bench = platform.bench
        let parameters = Self.map([
            (1, .bytes([UInt8](repeating: 1, count: 32))), (2, ["id": .bytes([1]), "type": "public-key"]),
            (3, ["id": .bytes([1])]),
        ])
        #expect(await bench.status(Self.management(number, parameters)) == .puatRequired)
        var request = CredentialManagementRequest(number, parameters: parameters)
        request.pinUVAuthParam = [1]
        #expect(await bench.status(request.request) == .missingParameter)
        request.pinUVAuthProtocol = 3
        #expect(await bench.status(request.request) == .invalidParameter)
        request.pinUVAuthProtocol = 2
        #expect(await bench.status(request.request) == .pinAuthInvalid)
        let other = try await platform.token(.largeBlobWrite)
        #expect(await bench.status(Self.management(number, parameters, other)) == .pinAuthInvalid)
        let bound = try await platform.token(.credentialManagement, relyingPartyID: Bench.relyingPartyID)
        #expect(await bench.status(Self.management(number, parameters, bound)) == .pinAuthInvalid)
        let free = try await platform.token(.credentialManagement)
        #expect(
            await bench.status(Self.management(number, parameters, free)) == (number == 1 ? .success : .noCredentials))
        let persistent = try await platform.token(.persistentCredentialManagementReadOnly)
        let isReading = number < 6
        #expect(
            (await bench.status(Self.management(number, parameters, persistent)) == .pinAuthInvalid) == !isReading)
    }

    @Test("§6.8: continuations without a beginning, on another channel, too late or after another command")
    func continuations() async throws {
        let platform = try await PINTests.platform()
        let bench = platform.bench
        for id in ["a", "b", "c"] {
            let token = try await platform.token(.makeCredential, relyingPartyID: id)
            var request = Bench.registration(relyingPartyID: id, discoverable: true)
            request.pinUVAuthParam = token.authenticate(request.clientDataHash)
            request.pinUVAuthProtocol = 2
            #expect(await bench.status(request.request) == .success)
        }
        let next = Self.management(3)
        #expect(await bench.status(next) == .notAllowed)
        #expect(await bench.status(Self.management(5)) == .notAllowed)
        func begin() async throws {
            let token = try await platform.token(.credentialManagement)
            #expect(await bench.status(Self.management(2, nil, token)) == .success)
        }
        try await begin()
        #expect(await bench.status(next) == .success)
        #expect(await bench.status(next) == .success)
        #expect(await bench.status(next) == .notAllowed)
        try await begin()
        #expect(await bench.status(next, transport: .hid(channel: 9)) == .notAllowed)
        try await begin()
        bench.clock.advance(by: .seconds(31))
        #expect(await bench.status(next) == .notAllowed)
        try await begin()
        #expect(await bench.status(CTAPRequest(.getInfo)) == .success)
        #expect(await bench.status(next) == .notAllowed)
        try await begin()
        #expect(await bench.status(Self.management(5)) == .notAllowed)
        #expect(await bench.status(Self.management(0)) == .invalidSubcommand)
        #expect(await bench.status(Self.management(8)) == .invalidSubcommand)
    }

    @Test("§6.11: the gate, and subcommands that are not there")
    func configGate() async throws {
        let platform = try await PINTests.platform()
        let bench = platform.bench
        for number in [0, 1, 5, 0xFF] as [UInt64] {
            #expect(await bench.status(Self.config(number)) == .invalidSubcommand)
        }
        #expect(await bench.status(Self.config(2)) == .puatRequired)
        let other = try await platform.token(.credentialManagement)
        #expect(await bench.status(Self.config(2, nil, other)) == .pinAuthInvalid)
        // Where nobody can be verified, everybody may; alwaysUv can be left again.
        let open = Bench(.securityKey)
        #expect(await open.status(Self.config(2)) == .success)
        #expect(await open.status(Bench.registration().request) == .puatRequired)
        #expect(await open.status(Self.config(4)) == .puatRequired)
        #expect(await open.status(Self.config(2)) == .success)
        #expect(await open.status(Self.config(4)) == .success)
        #expect(try await open.client.getInfo().needsLongTouchForReset == true)
        let gate = RecordingGate()
        let touched = Bench(.securityKey, gate: gate)
        #expect(await touched.status(Self.config(4)) == .success)
        gate.answer(.briefTouch)
        #expect(await touched.status(CTAPRequest(.reset)) == .operationDenied)
        gate.answer(.approved)
        #expect(await touched.status(CTAPRequest(.reset)) == .success)
        #expect(gate.requests.map(\.reason) == [.resetByLongTouch, .resetByLongTouch])
        #expect(try await touched.client.getInfo().needsLongTouchForReset == false)
        #expect(await Bench(.securityKey, profile: .ctap21).status(Self.config(4)) == .invalidSubcommand)
    }

    @Test(
        "§6.11.4 setMinPINLength",
        arguments: [
            ([(1, 3)], CTAPStatus.pinPolicyViolation), ([(1, 4)], .success), ([(1, 63)], .success),
            ([(1, 64)], .pinPolicyViolation), ([(1, .unsigned(.max))], .pinPolicyViolation), ([], .success),
            ([(2, .array((0..<17).map { .text("\($0)") }))], .keyStoreFull),
            ([(2, .array((0..<16).map { .text("\($0)") }))], .success), ([(3, true)], .pinNotSet),
            ([(1, "4")], .cborUnexpectedType), ([(2, [1])], .cborUnexpectedType),
        ] as [([(Int, CBORValue)], CTAPStatus)])
    func minimumLength(entries: [(Int, CBORValue)], expected: CTAPStatus) async {
        #expect(await Bench(.securityKey).status(Self.config(3, Self.map(entries))) == expected)
    }

    @Test("§6.11.4: a forced change refuses tokens until the PIN is another, and a policy refuses simple PINs")
    func forcedChange() async throws {
        let platform = try await PINTests.platform()
        let bench = platform.bench
        func configure(_ entries: [(Int, CBORValue)], pin: String) async throws -> CTAPStatus {
            let token = try await platform.token(.authenticatorConfiguration, pin: pin)
            return await bench.status(Self.config(3, Self.map(entries), token))
        }
        #expect(try await configure([(3, true)], pin: "1234") == .success)
        #expect(try await platform.tokenStatus("1234", nil) == .pinInvalid)
        #expect(try await platform.tokenStatus("1234", .credentialManagement) == .pinPolicyViolation)
        #expect(await bench.status(try await platform.changePIN("1234", "1234").request) == .pinPolicyViolation)
        #expect(await bench.status(try await platform.changePIN("1234", "1212").request) == .success)
        #expect(try await configure([(4, true)], pin: "1212") == .success)
        #expect(try await bench.client.getInfo().forcesPINChange == true)
        for simple in ["5555", "2345", "9876", "gfed"] {
            #expect(await bench.status(try await platform.changePIN("1212", simple).request) == .pinPolicyViolation)
        }
        #expect(await bench.status(try await platform.changePIN("1212", "5282").request) == .success)
        // It stays on until a reset.
        #expect(try await configure([(4, false)], pin: "5282") == .success)
        #expect(try await bench.client.getInfo().hasPINComplexityPolicy == true)
        #expect(await bench.status(CTAPRequest(.reset)) == .success)
        #expect(try await bench.client.getInfo().hasPINComplexityPolicy == false)
    }

    private static let reads: [(UInt64?, UInt64?, UInt64?, CTAPStatus)] = [
        (17, 0, nil, .success), (0, 0, nil, .success), (100, 17, nil, .success), (1, 18, nil, .invalidParameter),
        (7545, 0, nil, .success), (7546, 0, nil, .invalidLength), (1, nil, nil, .invalidParameter),
        (nil, 0, nil, .invalidParameter), (1, 0, 17, .invalidParameter), (1, .max, nil, .invalidParameter),
        (.max, 0, nil, .invalidLength),
    ]

    @Test("§6.10.2: reading large blobs", arguments: reads)
    func readingBlobs(get: UInt64?, offset: UInt64?, length: UInt64?, expected: CTAPStatus) async throws {
        let request = LargeBlobsRequest(get: get, offset: offset, length: length).request
        let response = await Bench(.securityKey).respond(request)
        #expect(response.status == expected)
        guard expected == .success else { return }
        let all = try #require([UInt8](hex: "8076be8b528d0075f7aae98d6fa57a6d3c"))
        #expect(
            try LargeBlobsResponse(data: response.data).config
                == Array(all.dropFirst(Int(offset ?? 0)).prefix(Int(get ?? 0))))
    }

    @Test("§6.10.3: writing large blobs in fragments, with a checksum")
    func writingBlobs() async throws {
        let bench = Bench(.securityKey)
        let content = [0x81] + [UInt8](repeating: 7, count: 2000)
        let array = content + Array(SHA256.hash(data: content)).prefix(16)
        func write(_ part: Range<Int>, of bytes: [UInt8], length: Int? = nil) async -> CTAPStatus {
            await bench.status(
                LargeBlobsRequest(
                    set: Array(bytes[part]), offset: UInt64(part.lowerBound), length: length.map { UInt64($0) }
                ).request)
        }
        #expect(await write(0..<1000, of: array, length: array.count) == .success)
        // Continuations have no length, begin where the last ended, and are not too long.
        #expect(await write(1000..<1010, of: array, length: array.count) == .invalidParameter)
        #expect(await write(0..<1000, of: array, length: array.count) == .success)
        #expect(await write(1001..<1010, of: array) == .invalidSequence)
        #expect(await write(1000..<1010, of: array) == .invalidSequence)
        #expect(await write(0..<1000, of: array, length: array.count) == .success)
        #expect(await write(1000..<array.count, of: array) == .success)
        let read = LargeBlobsRequest(get: 5000, offset: 0).request
        #expect(try LargeBlobsResponse(data: await bench.respond(read).data).config == array)
        var damaged = array
        damaged[5] ^= 1
        #expect(await write(0..<array.count, of: damaged, length: array.count) == .integrityFailure)
        #expect(try LargeBlobsResponse(data: await bench.respond(read).data).config == array)
        #expect(await write(0..<10, of: array) == .invalidParameter)
        #expect(await write(0..<10, of: array, length: 16) == .invalidParameter)
        #expect(await write(0..<10, of: array, length: 4097) == .largeBlobStorageFull)
        #expect(await write(0..<30, of: array, length: 20) == .invalidParameter)
        #expect(await write(0..<10, of: array, length: 4096) == .success)
        bench.clock.advance(by: .seconds(31))
        #expect(await write(10..<20, of: array) == .invalidSequence)
        let protected = try await PINTests.platform().bench
        let fragment = LargeBlobsRequest(set: Array(array.prefix(9)), offset: 0, length: UInt64(array.count))
        #expect(await protected.status(fragment.request) == .puatRequired)
    }

    @Test("§6.7.4: a finger is enrolled in four good samples, of one finger that is not enrolled yet")
    func enrolling() async throws {
        let gate = RecordingGate()
        let platform = PINPlatform(bench: Bench(.platform, gate: gate))
        let token = try await platform.token(.bioEnrollment, .getTokenUsingUV)
        func send(_ number: UInt64, _ entries: [(Int, CBORValue)] = []) async throws -> BioEnrollmentResponse {
            var request = BioEnrollmentRequest(number, parameters: entries.isEmpty ? nil : Self.map(entries))
            request.pinUVAuthProtocol = 2
            request.pinUVAuthParam = token.authenticate(request.authenticatedMessage)
            let response = await platform.bench.respond(request.request)
            guard response.status == .success else { throw response.status }
            return response.data.isEmpty ? BioEnrollmentResponse() : try BioEnrollmentResponse(data: response.data)
        }
        gate.answer(.sample(.tooHigh, finger: ""))
        let begun = try await send(1)
        let id = try #require(begun.templateID)
        #expect([begun.lastSampleStatus, begun.remainingSamples] == [1, 4])
        for (decision, status, remaining) in [
            (UserDecision.timedOut, 0x0D, 4), (.finger("left thumb"), 0, 3), (.finger("right thumb"), 0x0A, 3),
            (.finger("right index finger"), 0x0B, 3), (.sample(.good, finger: "left thumb"), 0, 2),
            (.verificationFailed, 7, 2), (.approved, 0, 1), (.approved, 0, 0),
        ] as [(UserDecision, UInt64, UInt64)] {
            gate.answer(decision)
            let sample = try await send(2, [(1, .bytes(id))])
            #expect([sample.lastSampleStatus, sample.remainingSamples] == [status, remaining], "\(decision)")
        }
        await #expect(throws: CTAPStatus.invalidOption) { try await send(2, [(1, .bytes(id))]) }
        #expect(try await send(4).templates?.count == 2)
        await #expect(throws: CTAPStatus.invalidOption) { try await send(6, [(1, .bytes([1]))]) }
        await #expect(throws: CTAPStatus.missingParameter) { try await send(6) }
        await #expect(throws: CTAPStatus.invalidLength) {
            try await send(5, [(1, .bytes(id)), (2, .text(String(repeating: "x", count: 65)))])
        }
        _ = try await send(5, [(1, .bytes(id)), (2, "Daumen")])
        #expect(try await send(4).templates?.last?.friendlyName == "Daumen")
        for template in try #require(try await send(4).templates) { _ = try await send(6, [(1, .bytes(template.id))]) }
        await #expect(throws: CTAPStatus.invalidOption) { try await send(4) }
        await #expect(throws: CTAPStatus.invalidSubcommand) { try await send(8) }
        #expect(try await platform.bench.client.getInfo().options["uv"] == false)
    }

    @Test("§6.7: modality and sensor are told to everybody, everything else to whoever has a token")
    func sensor() async throws {
        let bench = Bench(.platform)
        var request = BioEnrollmentRequest(modality: nil, nil)
        #expect(await bench.status(request.request) == .missingParameter)
        request.asksModality = true
        #expect(await bench.respond(request.request).data.hex == "a10101")
        #expect(await bench.respond(BioEnrollmentRequest(7).request).data.hex == "a3020103040818" + "40")
        #expect(await bench.status(BioEnrollmentRequest(modality: 2, 7).request) == .invalidParameter)
        #expect(await bench.status(BioEnrollmentRequest(3).request) == .success)
        for number in [1, 4] as [UInt64] {
            #expect(await bench.status(BioEnrollmentRequest(number).request) == .puatRequired)
        }
        #expect(await Bench(.securityKey).status(BioEnrollmentRequest(7).request) == .invalidCommand)
    }

    @Test("§6.1.2 step 9: enterprise attestation, when it is enabled, for whom and in which kind")
    func enterprise() async throws {
        var generator = SeededGenerator(seed: 8)
        let identity = try AttestationIdentity(
            aaguid: Flavour.securityKey.aaguid, validFrom: Date(timeIntervalSince1970: 1_767_225_600),
            using: &generator)
        let bench = Bench(.securityKey) { configuration in
            configuration.enterpriseIdentity = identity
            configuration.enterpriseRelyingPartyIDs = [Bench.relyingPartyID]
        }
        var request = Bench.registration()
        request.enterpriseAttestation = 1
        #expect(try await bench.client.getInfo().options["ep"] == false)
        #expect(await bench.status(request.request) == .invalidParameter)
        #expect(await bench.status(Self.config(1)) == .success)
        #expect(try await bench.client.getInfo().options["ep"] == true)
        let granted = try await bench.register(request).response
        #expect(granted.enterpriseAttestation == true)
        #expect(granted.statement?["x5c"]?.array == [.bytes(identity.leafCertificate)])
        var foreign = Bench.registration(relyingPartyID: "other.example")
        foreign.enterpriseAttestation = 1
        #expect(try await bench.register(foreign).response.enterpriseAttestation == nil)
        foreign.enterpriseAttestation = 2
        #expect(try await bench.register(foreign).response.enterpriseAttestation == true)
        foreign.enterpriseAttestation = 3
        #expect(await bench.status(foreign.request) == .invalidOption)
    }
}
