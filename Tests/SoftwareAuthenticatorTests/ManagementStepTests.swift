import CBOR
import CTAP
import SoftwareAuthenticator
import TestSupport
import Testing
import WebAuthnModel

/// The steps of the commands that manage the authenticator, by the statuses that they end with.
@Suite("Management, step by step (§6.8, §6.10, §6.11)", .timeLimit(.minutes(2))) struct ManagementStepTests {
    private static func map(_ entries: [(Int, CBORValue)]) -> CBORMap {
        var map = CBORMap()
        for (key, value) in entries { map[CBORValue(key)] = value }
        return map
    }

    /// What is wrong with a request's proof, worst first.
    private enum Proof: CaseIterable {
        case none, noProtocol, unknownProtocol, notTheToken, otherPermission, good

        var status: CTAPStatus {
            switch self {
            case .none: .puatRequired
            case .noProtocol: .missingParameter
            case .unknownProtocol: .invalidParameter
            case .notTheToken, .otherPermission: .pinAuthInvalid
            case .good: .success
            }
        }

        /// The members of a request over some message.
        func members(
            _ message: [UInt8], _ platform: PINPlatform, _ permission: PINUVAuthPermissions
        ) async throws -> ([UInt8]?, UInt64?) {
            let token = try await platform.token(self == .otherPermission ? .credentialManagement : permission)
            let param = token.authenticate(message)
            return switch self {
            case .none: (nil, 2)
            case .noProtocol: (param, nil)
            case .unknownProtocol: (param, 3)
            case .notTheToken: ([UInt8](repeating: 0, count: 32), 2)
            case .otherPermission, .good: (param, 2)
            }
        }
    }

    @Test("§6.10.1 set: the proof, after all that is wrong with the fragment but its end")
    func largeBlobProof() async throws {
        let platform = try await PINTests.platform()
        for proof in Proof.allCases {
            for (fragment, length, earlier, later) in [
                (10, 17, nil, nil), (7546, 8000, .invalidLength, nil), (10, nil, .invalidParameter, nil),
                (10, 4097, .largeBlobStorageFull, nil), (10, 16, .invalidParameter, nil),
                (18, 17, nil, .invalidParameter),
            ] as [(Int, UInt64?, CTAPStatus?, CTAPStatus?)] {
                var request = LargeBlobsRequest(
                    set: [UInt8](repeating: 1, count: fragment), offset: 0, length: length)
                (request.pinUVAuthParam, request.pinUVAuthProtocol) = try await proof.members(
                    request.authenticatedMessage, platform, .largeBlobWrite)
                let expected = earlier ?? (proof == .good ? later : nil) ?? proof.status
                #expect(await platform.bench.status(request.request) == expected, "\(proof) \(fragment)")
            }
        }
    }

    @Test("§6.10.1: either get or set, and no proof for get")
    func largeBlobMembers() async {
        let bench = Bench(.securityKey)
        var both = LargeBlobsRequest(get: 1, set: [1], offset: 0, length: 17)
        #expect(await bench.status(both.request) == .invalidParameter)
        both = LargeBlobsRequest(offset: 0, length: 17)
        #expect(await bench.status(both.request) == .invalidParameter)
        var get = LargeBlobsRequest(get: 8000, offset: 0)
        get.pinUVAuthParam = [1]
        #expect(await bench.status(get.request) == .invalidParameter)
        (get.pinUVAuthParam, get.pinUVAuthProtocol) = (nil, 2)
        #expect(await bench.status(get.request) == .invalidParameter)
        get.pinUVAuthProtocol = nil
        #expect(await bench.status(get.request) == .invalidLength)
    }

    @Test("§6.10.1: with alwaysUv a proof is needed, whether the user can be verified or not")
    func largeBlobsUnderAlwaysUV() async {
        let bench = Bench(.securityKey)
        let write = LargeBlobsRequest(set: [1], offset: 0, length: 17).request
        #expect(await bench.status(write) == .success)
        #expect(await bench.configure(2) == .success)
        #expect(await bench.status(write) == .puatRequired)
    }

    @Test("§6.10.1: a transfer that failed is over")
    func failedTransfer() async throws {
        let platform = try await PINTests.platform()
        let token = try await platform.token(.largeBlobWrite)
        func write(_ part: Range<Int>, _ token: PINUVAuthToken?) async -> CTAPStatus {
            var request = LargeBlobsRequest(
                set: [UInt8](repeating: 1, count: part.count), offset: UInt64(part.lowerBound),
                length: part.lowerBound == 0 ? 20 : nil)
            request.pinUVAuthProtocol = 2
            request.pinUVAuthParam = token?.authenticate(request.authenticatedMessage) ?? [1]
            return await platform.bench.status(request.request)
        }
        for (part, isGood, status) in [
            (10..<15, false, CTAPStatus.pinAuthInvalid), (10..<21, true, .invalidParameter),
            (10..<20, true, .integrityFailure),
        ] {
            #expect(await write(0..<10, token) == .success)
            #expect(await write(part, isGood ? token : nil) == status)
            #expect(await write(10..<15, token) == .invalidSequence)
        }
    }

    @Test("§6.11: the subcommand, then the proof, which stays good")
    func config() async throws {
        let platform = try await PINTests.platform()
        #expect(await platform.bench.status(CTAPRequest(.config, parameters: [0xA0])) == .missingParameter)
        for proof in Proof.allCases {
            for (number, isThere) in [(3, true), (0x77, false)] as [(UInt64, Bool)] {
                var request = ConfigRequest(number)
                (request.pinUVAuthParam, request.pinUVAuthProtocol) = try await proof.members(
                    request.authenticatedMessage, platform, .authenticatorConfiguration)
                let status = await platform.bench.status(request.request)
                #expect(status == (isThere ? proof.status : .invalidSubcommand), "\(proof) \(number)")
            }
        }
        let token = try await platform.token(.authenticatorConfiguration)
        for isOn in [true, false] {
            #expect(await platform.bench.configure(2, [], token) == .success)
            let options = try await platform.bench.client.getInfo().options
            #expect(options["alwaysUv"] == isOn && options["makeCredUvNotRqd"] == !isOn)
        }
    }

    @Test("§6.11.1 enableEnterpriseAttestation: once and again are the same")
    func enterprise() async throws {
        var generator = SeededGenerator(seed: 8)
        let identity = try AttestationIdentity(
            aaguid: Flavour.securityKey.aaguid, validFrom: AttestationIdentity.firstDay, using: &generator)
        let bench = Bench(.securityKey) { $0.enterpriseIdentity = identity }
        for _ in 1...2 {
            #expect(await bench.configure(1) == .success)
            #expect(try await bench.client.getInfo().options["ep"] == true)
        }
        #expect(await bench.status(CTAPRequest(.reset)) == .success)
        #expect(try await bench.client.getInfo().options["ep"] == false)
    }

    @Test(
        "§6.11.4 setMinPINLength: the list is replaced, an empty one changes nothing, and the length does not matter to it"
    )
    func relyingPartyIDs() async throws {
        let bench = Bench(.securityKey)
        func outputs() async throws -> [CBORValue?] {
            var outputs: [CBORValue?] = []
            for id in ["a", "b"] {
                var request = Bench.registration(relyingPartyID: id)
                request.extensions = Bench.extensions("minPinLength", true)
                outputs.append(try await bench.register(request).data.extensions?["minPinLength"])
            }
            return outputs
        }
        #expect(try await outputs() == [nil, nil])
        for (entries, expected) in [
            ([(2, ["a"])], [4, nil]), ([(2, ["b"])], [nil, 4]), ([(2, [])], [nil, 4]), ([(1, 6)], [nil, 6]),
        ] as [([(Int, CBORValue)], [CBORValue?])] {
            #expect(await bench.configure(3, entries) == .success)
            #expect(try await outputs() == expected)
        }
    }

    @Test("§6.11.4: of what is wrong with the parameters nothing is done")
    func allOrNothing() async throws {
        let bench = Bench(.securityKey)
        for (entries, status) in [
            ([(1, 6), (3, true)], .pinNotSet), ([(1, 64), (2, ["a"])], .pinPolicyViolation),
            ([(1, 6), (2, .array((0..<17).map { .text("\($0)") }))], .keyStoreFull),
            ([(1, 6), (4, 1)], .cborUnexpectedType),
        ] as [([(Int, CBORValue)], CTAPStatus)] {
            #expect(await bench.configure(3, entries) == status)
            #expect(try await bench.client.getInfo().minimumPINLength == 4)
        }
    }

    @Test("§6.11.4: CTAP 2.1 knows no pinComplexityPolicy, and ignores it")
    func policyBefore() async throws {
        let bench = Bench(.securityKey, profile: .ctap21)
        #expect(await bench.configure(3, [(1, 5), (4, true)]) == .success)
        let info = try await bench.client.getInfo()
        #expect(info.minimumPINLength == 5 && info.hasPINComplexityPolicy == nil)
        let simple = try await PINPlatform(bench: bench).setPIN(PINPlatform.padded(Array("55555".utf8)))
        #expect(await bench.status(simple.request) == .success)
    }

    @Test("§6.8: nobody is touched, and the token stays good; changes of credentials change encCredStoreState's value")
    func management() async throws {
        let gate = RecordingGate()
        let platform = try await PINTests.platform(gate: gate)
        let bench = platform.bench
        let made = try await bench.register(platform.registration(try await platform.token(.makeCredential)))
        let touches = gate.requests.count
        let descriptor: (Int, CBORValue) = (2, ["id": .bytes(made.id), "type": "public-key"])
        let hash: (Int, CBORValue) = (1, .bytes(PINPlatform.sha256(Bench.relyingPartyID)))
        let bound = try await platform.token(.credentialManagement, relyingPartyID: Bench.relyingPartyID)
        func status(
            _ number: UInt64, _ entries: [(Int, CBORValue)], _ token: PINUVAuthToken
        ) async -> CTAPStatus {
            var request = CredentialManagementRequest(
                number, parameters: entries.isEmpty ? nil : Self.map(entries), pinUVAuthProtocol: 2)
            request.pinUVAuthParam = token.authenticate(request.authenticatedMessage)
            return await bench.status(request.request)
        }
        var states: Set<UInt64> = [UInt64(bench.store.census().changeCount)]
        // A token that is bound to the credential's relying party may change it.
        #expect(await status(7, [descriptor, (3, ["id": .bytes([1, 2, 3]), "name": "n"])], bound) == .success)
        #expect(states.insert(UInt64(bench.store.census().changeCount)).inserted)
        let free = try await platform.token(.credentialManagement)
        for (number, entries) in [(1, []), (2, []), (4, [hash])] as [(UInt64, [(Int, CBORValue)])] {
            #expect(await status(number, entries, free) == .success)
        }
        #expect(!states.insert(UInt64(bench.store.census().changeCount)).inserted)
        #expect(await status(6, [descriptor], free) == .success)
        #expect(states.insert(UInt64(bench.store.census().changeCount)).inserted)
        #expect(gate.requests.count == touches)
        // Nor does a token for another relying party tell whether there is such a credential.
        let foreign = try await platform.token(.credentialManagement, relyingPartyID: "other.example")
        #expect(await status(7, [descriptor, (3, ["id": .bytes([1, 2, 3])])], foreign) == .pinAuthInvalid)
    }

    @Test(
        "§6.8: parameters of the wrong type, and none at all",
        arguments: [
            (4, [], CTAPStatus.missingParameter), (4, [(1, "a")], .cborUnexpectedType),
            (4, [(1, .bytes([1]))], .noCredentials), (6, [], .missingParameter), (6, [(2, 1)], .cborUnexpectedType),
            (6, [(2, ["type": "public-key"])], .cborUnexpectedType), (7, [(3, ["id": .bytes([1])])], .missingParameter),
            (7, [(2, ["id": .bytes([1]), "type": "public-key"])], .missingParameter),
            (7, [(2, ["id": .bytes([1]), "type": "public-key"]), (3, ["id": 1])], .cborUnexpectedType),
        ] as [(UInt64, [(Int, CBORValue)], CTAPStatus)])
    func managementParameters(number: UInt64, entries: [(Int, CBORValue)], expected: CTAPStatus) async throws {
        let platform = try await PINTests.platform()
        var request = CredentialManagementRequest(
            number, parameters: entries.isEmpty ? nil : Self.map(entries), pinUVAuthProtocol: 2)
        // Without a proof that is what is missing first.
        #expect(await platform.bench.status(request.request) == .puatRequired)
        request.pinUVAuthParam = try await platform.token(.credentialManagement)
            .authenticate(request.authenticatedMessage)
        #expect(await platform.bench.status(request.request) == expected)
    }
}
