import CBOR
import CTAP
import SoftwareAuthenticator
import TestSupport
import Testing

@Suite("authenticatorClientPIN (§6.5.5): key agreement and what is malformed", .timeLimit(.minutes(2)))
struct ClientPINTests {
    private func getKeyAgreement(_ number: UInt64?) -> CTAPRequest {
        ClientPINRequest(.getKeyAgreement, pinUVAuthProtocol: number).request
    }

    @Test("a public key for each protocol, and nothing else", arguments: [Flavour.platform, .securityKey])
    func keys(flavour: Flavour) async throws {
        let gate = RecordingGate(.denied)
        let bench = Bench(flavour, gate: gate)
        var keys: Set<[UInt8]> = []
        for number in [1, 2] as [UInt64] {
            let response = await bench.respond(getKeyAgreement(number))
            #expect(response.status == .success)
            #expect(response.data.hex.hasPrefix("a101a501020338182001215820"))
            keys.insert(response.data)
            #expect(await bench.respond(getKeyAgreement(number)) == response, "it stays")
        }
        #expect(keys.count == 2)
        #expect(gate.requests.isEmpty)
    }

    @Test("a key lasts until the power goes or everything is erased")
    func renewal() async throws {
        let bench = Bench()
        var keys: Set<[UInt8]> = []
        keys.insert(await bench.respond(getKeyAgreement(2)).data)
        await bench.authenticator.powerCycle()
        keys.insert(await bench.respond(getKeyAgreement(2)).data)
        #expect(await bench.status(CTAPRequest(.reset)) == .success)
        keys.insert(await bench.respond(getKeyAgreement(2)).data)
        #expect(keys.count == 3)
    }

    @Test(
        "protocols that are missing or not supported",
        arguments: [
            (nil, .missingParameter), (0, .invalidParameter), (3, .invalidParameter), (.max, .invalidParameter),
        ]
            as [(UInt64?, CTAPStatus)])
    func protocols(number: UInt64?, expected: CTAPStatus) async {
        #expect(await Bench().respond(getKeyAgreement(number)) == CTAPResponse(expected))
    }

    @Test("a subcommand that does not exist", arguments: [0, 8, 10, 11, .max] as [UInt64])
    func subcommands(number: UInt64) async {
        for version in [nil, 1, 2, 3] as [UInt64?] {
            let request = ClientPINRequest(ClientPINSubcommand(rawValue: number), pinUVAuthProtocol: version)
            #expect(await Bench().respond(request.request) == CTAPResponse(.invalidSubcommand))
        }
    }

    @Test("those for built-in verification do not exist without, and those for permissions not in CTAP 2.0")
    func absentSubcommands() async {
        for subcommand in [ClientPINSubcommand.getUVRetries, .getTokenUsingUV] {
            let request = ClientPINRequest(subcommand, pinUVAuthProtocol: 2).request
            #expect(await Bench(.securityKey).status(request) == .invalidSubcommand)
        }
        for subcommand in [ClientPINSubcommand.getUVRetries, .getTokenUsingUV, .getTokenUsingPIN] {
            let request = ClientPINRequest(subcommand, pinUVAuthProtocol: 2).request
            #expect(await Bench(profile: .compat20).status(request) == .invalidSubcommand)
        }
    }

    @Test(
        "malformed parameters",
        arguments: [
            ("", CTAPStatus.invalidCBOR), ("a0", .missingParameter), ("a10102", .missingParameter),
            ("a10261", .invalidCBOR), ("a1026132", .cborUnexpectedType), ("80", .cborUnexpectedType),
            ("a2012002 02", .cborUnexpectedType), ("a20102020200", .invalidCBOR),
            ("a301020202030 1", .cborUnexpectedType),
        ])
    func malformed(hex: String, expected: CTAPStatus) async throws {
        let parameters = try #require([UInt8](hex: hex))
        #expect(await Bench().respond(CTAPRequest(.clientPIN, parameters: parameters)) == CTAPResponse(expected))
    }

    /// Members of a key that are replaced or left out, and the status that gives.
    private static let keyMembers: [(label: Int, value: CBORValue?, status: CTAPStatus)] = [
        (9, nil, .success), (3, nil, .success), (1, nil, .invalidParameter), (1, 3, .invalidParameter),
        (1, "2", .cborUnexpectedType), (3, "x", .cborUnexpectedType), (-1, nil, .invalidParameter),
        (-1, 2, .invalidParameter), (-1, .null, .cborUnexpectedType), (-2, nil, .invalidParameter),
        (-2, .bytes([]), .invalidParameter), (-2, .bytes([UInt8](repeating: 0, count: 32)), .invalidParameter),
        (-2, "x", .cborUnexpectedType), (-3, nil, .invalidParameter),
        (-3, .bytes([UInt8](repeating: 0xFF, count: 32)), .invalidParameter),
        (-3, .bytes([UInt8](repeating: 1, count: 33)), .invalidParameter), (-3, true, .cborUnexpectedType),
    ]

    @Test("§6.5.6 decapsulate: keys that are none on P-256, for each subcommand that takes one", arguments: keyMembers)
    func keys(label: Int, value: CBORValue?, expected: CTAPStatus) async throws {
        // SEC 2's generator.
        let x = try #require([UInt8](hex: "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"))
        let y = try #require([UInt8](hex: "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"))
        let key: CBORValue = [1: 2, 3: -25, -1: 1, -2: .bytes(x), -3: .bytes(y)]
        var members = try #require(key.map)
        members[CBORValue(label)] = value
        let platform = try await PINTests.platform(.platform)
        for subcommand in [
            ClientPINSubcommand.changePIN, .getPINToken, .getTokenUsingPIN, .getTokenUsingUV,
        ] {
            var request = ClientPINRequest(subcommand, pinUVAuthProtocol: 2)
            request.keyAgreement = members
            (request.pinUVAuthParam, request.newPINEncrypted) = ([1], [2])
            request.pinHashEncrypted = [3]
            request.permissions = subcommand == .getPINToken ? nil : 4
            // A good key is followed by what is wrong next; a finger needs nothing else.
            let later: CTAPStatus =
                switch subcommand {
                case .changePIN: .pinAuthInvalid
                case .getTokenUsingUV: .success
                default: .pinInvalid
                }
            let status = await platform.bench.status(request.request)
            #expect(status == (expected == .success ? later : expected), "\(subcommand)")
        }
        #expect(platform.bench.store.state()?.pinRetries == (expected == .success ? 6 : 8))
    }

    @Test("a phone does not have it")
    func phone() async {
        #expect(await Bench(.phone).respond(getKeyAgreement(2)) == CTAPResponse(.invalidCommand))
    }
}
