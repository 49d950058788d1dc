import CTAP
import Crypto
import SoftwareAuthenticator
import Testing
import WebAuthnModel

@Suite("authenticatorGetAssertion (§6.2.2)", .timeLimit(.minutes(2)))
struct GetAssertionTests {
    @Test(
        "step 1: an empty pinUvAuthParam asks for a touch, then says whether the user can be verified",
        arguments: [
            (Flavour.platform, UserDecision.approved, CTAPStatus.pinInvalid), (.securityKey, .approved, .pinNotSet),
            (.securityKey, .denied, .operationDenied), (.securityKey, .timedOut, .userActionTimeout),
        ])
    func emptyParam(flavour: Flavour, decision: UserDecision, expected: CTAPStatus) async {
        var request = Bench.authentication()
        request.pinUVAuthParam = []
        #expect(await Bench(flavour, gate: DenyingGate(decision)).status(request.request) == expected)
    }

    @Test(
        "step 2: a pinUvAuthParam needs a protocol that is supported, and is then proof of nothing",
        arguments: [
            (Flavour.platform, nil, CTAPStatus.missingParameter), (.platform, 0, .invalidParameter),
            (.platform, 3, .invalidParameter), (.platform, 1, .pinAuthInvalid), (.platform, 2, .pinAuthInvalid),
            (.securityKey, 1, .pinNotSet), (.securityKey, 2, .pinNotSet), (.phone, nil, .missingParameter),
            (.phone, 1, .invalidParameter), (.phone, 2, .invalidParameter),
        ] as [(Flavour, UInt64?, CTAPStatus)])
    func pinUVAuthProtocol(flavour: Flavour, protocol: UInt64?, expected: CTAPStatus) async {
        var request = Bench.authentication()
        request.pinUVAuthParam = [1, 2, 3]
        request.pinUVAuthProtocol = `protocol`
        #expect(await Bench(flavour).status(request.request) == expected)
    }

    @Test(
        "step 4: options",
        arguments: [
            (Flavour.platform, AuthenticatorOptions(discoverable: true), CTAPStatus.unsupportedOption),
            (.platform, AuthenticatorOptions(discoverable: false), .unsupportedOption),
            (.securityKey, AuthenticatorOptions(userVerification: true), .invalidOption),
            (.platform, AuthenticatorOptions(userVerification: true), .noCredentials),
            (.platform, AuthenticatorOptions(userPresence: false), .noCredentials),
        ])
    func options(flavour: Flavour, options: AuthenticatorOptions, expected: CTAPStatus) async {
        var request = Bench.authentication()
        request.options = options
        #expect(await Bench(flavour).status(request.request) == expected)
    }

    @Test("step 4: an allow list that is too long is refused")
    func allowListTooLong() async {
        let bench = Bench()
        let list = (0..<33).map { [UInt8($0)] }
        #expect(await bench.status(Bench.authentication(allowList: list).request) == .limitExceeded)
        #expect(await bench.status(Bench.authentication(allowList: list.dropLast()).request) == .noCredentials)
    }

    @Test("step 7: without a credential nobody is touched")
    func noCredentials() async throws {
        let gate = RecordingGate()
        let bench = Bench(gate: gate)
        let made = try await bench.register(Bench.registration())  // not discoverable
        let touches = gate.requests.count
        for request in [
            Bench.authentication(), Bench.authentication(allowList: []),
            Bench.authentication(allowList: [[1], [UInt8](repeating: 1, count: 62)]),
            Bench.authentication(relyingPartyID: "other.example", allowList: [made.id]),
        ] {
            #expect(await bench.respond(request.request) == CTAPResponse(.noCredentials))
        }
        var unknownType = Bench.authentication(allowList: [made.id])
        unknownType.allowList?[0].type = "something-else"
        #expect(await bench.status(unknownType.request) == .noCredentials)
        #expect(gate.requests.count == touches)
    }

    @Test(
        "steps 6, 9 and 13: one touch, the flags and a signature that verifies",
        arguments: [
            (Flavour.platform, nil, nil, [.userPresent]), (.platform, nil, true, [.userPresent, .userVerified]),
            (.platform, false, nil, []), (.platform, false, true, [.userVerified]),
            (.securityKey, nil, nil, [.userPresent]), (.securityKey, false, false, []),
            (.phone, nil, nil, [.userPresent, .userVerified, .backupEligible, .backedUp]),
            (.phone, false, nil, [.backupEligible, .backedUp]),
        ] as [(Flavour, Bool?, Bool?, AuthenticatorData.Flags)], CredentialPrivateKey.supportedAlgorithms)
    func gestures(
        _ row: (Flavour, up: Bool?, uv: Bool?, flags: AuthenticatorData.Flags), algorithm: COSEAlgorithm
    ) async throws {
        let gate = RecordingGate()
        let bench = Bench(row.0, gate: gate)
        let made = try await bench.register(Bench.registration(algorithms: [algorithm]))
        let touches = gate.requests.count
        let assertion = try await bench.client.getAssertions(
            Bench.authentication(allowList: [[7], made.id], userVerification: row.uv, userPresence: row.up))[0]
        let data = try AuthenticatorData(decoding: assertion.authenticatorData)
        #expect(assertion.authenticatorData.count == 37)
        #expect(data.flags == row.flags)
        #expect(data.relyingPartyIDHash == Array(SHA256.hash(data: Array(Bench.relyingPartyID.utf8))))
        #expect(try isValid(assertion.signature, over: assertion.authenticatorData, by: made.publicKey))
        #expect(assertion.credential == PublicKeyCredentialDescriptor(id: made.id))
        #expect(assertion.user == nil)  // not discoverable
        #expect(assertion.numberOfCredentials == nil)
        let isAsked = row.flags.contains(.userPresent) || row.flags.contains(.userVerified)
        #expect(gate.requests.count - touches == (isAsked ? 1 : 0))
        if isAsked {
            #expect(gate.requests.last?.reason == .getAssertion(relyingPartyID: Bench.relyingPartyID))
            #expect(gate.requests.last?.needsVerification == row.flags.contains(.userVerified))
        }
    }

    @Test(
        "steps 6 and 9: refusals of the user",
        arguments: [
            (UserDecision.denied, CTAPStatus.operationDenied), (.verificationFailed, .operationDenied),
            (.timedOut, .userActionTimeout),
        ], [true, false])
    func refusals(_ row: (UserDecision, CTAPStatus), verify: Bool) async throws {
        let gate = RecordingGate()
        let bench = Bench(gate: gate)
        _ = try await bench.register(accounts: [[1]])
        gate.answer(row.0)
        #expect(
            await bench.respond(Bench.authentication(userVerification: verify).request)
                == CTAPResponse(row.1))
    }

    @Test("step 11: of an allow list one match is used, stored or wrapped")
    func allowList() async throws {
        let bench = Bench()
        let made = try await bench.register(accounts: [[1], [2]])
        let assertions = try await bench.client.getAssertions(
            Bench.authentication(allowList: [made[0].id, made[1].id]))
        #expect(assertions.count == 1)
        #expect(assertions[0].credential?.id.bytes == made[0].id)
        #expect(assertions[0].numberOfCredentials == nil)
        #expect(assertions[0].user == PublicKeyCredentialUserEntity(id: [1]))
    }

    @Test("the user's names are told only after verification")
    func userNames() async throws {
        let bench = Bench()
        _ = try await bench.register(accounts: [[5]])
        let present = try await bench.client.getAssertions(Bench.authentication())
        #expect(present[0].user == PublicKeyCredentialUserEntity(id: [5]))
        let verified = try await bench.client.getAssertions(Bench.authentication(userVerification: true))
        #expect(
            verified[0].user == PublicKeyCredentialUserEntity(id: [5], name: "mina", displayName: "Mina M."))
    }

    @Test("step 13: the counter grows over all credentials, a phone's stays zero")
    func counters() async throws {
        for flavour in Flavour.allCases {
            let bench = Bench(flavour)
            let made = try await bench.register(Bench.registration())
            var counters = [made.data.signatureCounter]
            for _ in 0..<3 {
                let assertion = try await bench.client.getAssertions(Bench.authentication(allowList: [made.id]))[0]
                counters.append(try AuthenticatorData(decoding: assertion.authenticatorData).signatureCounter)
            }
            #expect(counters == (flavour == .phone ? [0, 0, 0, 0] : [1, 2, 3, 4]))
        }
    }

    @Test("RP IDs are compared byte for byte")
    func canonicalEquivalence() async throws {
        let bench = Bench(.securityKey)
        _ = try await bench.register(Bench.registration(relyingPartyID: "caf\u{E9}", discoverable: true))
        #expect(await bench.status(Bench.authentication(relyingPartyID: "cafe\u{301}").request) == .noCredentials)
    }

    @Test("a client data hash has 32 bytes")
    func clientDataHashLength() async {
        var request = Bench.authentication()
        request.clientDataHash.append(0)
        #expect(await Bench().status(request.request) == .invalidLength)
    }

    @Test("names that just fit a registration are shortened, so that an assertion fits as well")
    func longNames() async throws {
        let bench = Bench()
        var request = Bench.registration(discoverable: true, userVerification: true)
        request.user.name = "a" + String(repeating: "\u{E9}", count: 3650)
        request.user.displayName = nil
        #expect(request.request.message.count <= Int(bench.authenticator.configuration.maximumMessageSize))
        _ = try await bench.register(request)
        let response = await bench.respond(Bench.authentication(userVerification: true).request)
        #expect(response.status == .success)
        #expect(response.message.count <= Int(bench.authenticator.configuration.maximumMessageSize))
        // 1 + 2 · 255 bytes: one more letter would be cut in two at 512.
        let user = try GetAssertionResponse(data: response.data).user
        #expect(user?.name == "a" + String(repeating: "\u{E9}", count: 255))
    }

    @Test("names of 512 bytes are kept whole")
    func ordinaryNames() async throws {
        let bench = Bench()
        var request = Bench.registration(discoverable: true, userVerification: true)
        request.user.name = String(repeating: "n", count: 512)
        request.user.displayName = String(repeating: "d", count: 512)
        _ = try await bench.register(request)
        let response = await bench.respond(Bench.authentication(userVerification: true).request)
        let user = try GetAssertionResponse(data: response.data).user
        #expect(user?.name == request.user.name)
        #expect(user?.displayName == request.user.displayName)
    }
}
