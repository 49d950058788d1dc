import CBOR
import CTAP
import SoftwareAuthenticator
import Testing
import WebAuthnModel

@Suite("authenticatorMakeCredential (§6.1.2)", .timeLimit(.minutes(2)))
struct MakeCredentialTests {
    @Test(
        "step 1: an empty pinUvAuthParam asks for a touch, then says whether the user can be verified",
        arguments: [
            (Flavour.platform, UserDecision.approved, CTAPStatus.pinInvalid),
            (.securityKey, .approved, .pinNotSet), (.platform, .denied, .operationDenied),
            (.platform, .timedOut, .userActionTimeout),
        ], [nil, 1, 9] as [UInt64?])
    func emptyParam(_ row: (Flavour, UserDecision, CTAPStatus), protocol: UInt64?) async {
        let gate = RecordingGate(row.1)
        var request = Bench.registration(algorithms: [])  // a later step's error does not come first
        request.pinUVAuthParam = []
        request.pinUVAuthProtocol = `protocol`
        #expect(await Bench(row.0, gate: gate).status(request.request) == row.2)
        #expect(gate.requests == [UserRequest(.selection, needsVerification: false)])
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
        var request = Bench.registration()
        request.pinUVAuthParam = [1, 2, 3]
        request.pinUVAuthProtocol = `protocol`
        #expect(await Bench(flavour).status(request.request) == expected)
    }

    @Test("step 2: a protocol without a pinUvAuthParam is ignored")
    func protocolAlone() async {
        var request = Bench.registration()
        request.pinUVAuthProtocol = 1
        #expect(await Bench().status(request.request) == .success)
    }

    @Test("step 3: the first supported algorithm is taken")
    func algorithmChoice() async throws {
        let bench = Bench()
        for (algorithms, expected) in [
            ([COSEAlgorithm.es256, .edDSA], COSEAlgorithm.es256), ([.edDSA, .es256], .edDSA),
            ([.rs256, .es256K, .edDSA, .es256], .edDSA),
        ] {
            let made = try await bench.register(Bench.registration(algorithms: algorithms))
            #expect(made.publicKey.algorithm == expected)
        }
    }

    @Test("step 3: without a supported algorithm there is no credential")
    func noAlgorithm() async {
        let bench = Bench()
        #expect(await bench.status(Bench.registration(algorithms: []).request) == .unsupportedAlgorithm)
        #expect(await bench.status(Bench.registration(algorithms: [.rs256]).request) == .unsupportedAlgorithm)
        var request = Bench.registration()
        request.pubKeyCredParams[0].type = "private-key"
        #expect(await bench.status(request.request) == .unsupportedAlgorithm)
    }

    @Test(
        "step 5: options",
        arguments: [
            (Flavour.securityKey, AuthenticatorOptions(userVerification: true), CTAPStatus.invalidOption),
            (.platform, AuthenticatorOptions(userPresence: false), .invalidOption),
            (.platform, AuthenticatorOptions(userPresence: true), .success),
            (.platform, AuthenticatorOptions(discoverable: false, userVerification: false), .success),
            (.platform, AuthenticatorOptions(discoverable: true, userVerification: true), .success),
            (.securityKey, AuthenticatorOptions(discoverable: true), .success),
        ])
    func options(flavour: Flavour, options: AuthenticatorOptions, expected: CTAPStatus) async {
        var request = Bench.registration()
        request.options = options
        #expect(await Bench(flavour).status(request.request) == expected)
    }

    @Test("step 5: an exclude list that is too long is refused before any touch")
    func excludeListTooLong() async {
        let gate = RecordingGate()
        let bench = Bench(gate: gate)
        let list = (0..<33).map { PublicKeyCredentialDescriptor(id: [UInt8($0)]) }
        #expect(await bench.status(Bench.registration(excludeList: list).request) == .limitExceeded)
        #expect(gate.requests.isEmpty)
        #expect(await bench.status(Bench.registration(excludeList: list.dropLast()).request) == .success)
    }

    @Test("step 7: a discoverable credential needs a verified user where that is possible", arguments: Flavour.allCases)
    func verificationForDiscoverable(flavour: Flavour) async throws {
        // A phone verifies by itself, and this security key cannot.
        let discoverable = Bench.registration(discoverable: true).request
        #expect(
            await Bench(flavour).respond(discoverable).status == (flavour == .platform ? .puatRequired : .success))
        let bound = try await Bench(flavour).register(Bench.registration(discoverable: false))
        #expect(bound.data.flags.contains(.userVerified) == (flavour == .phone))
    }

    @Test("step 8: CTAP 2.0 has no exception for other credentials")
    func verificationForAll() async throws {
        let bench = Bench(profile: .compat20)
        #expect(await bench.status(Bench.registration().request) == .puatRequired)
        #expect(await bench.status(Bench.registration(userVerification: true).request) == .success)
        #expect(await Bench(.securityKey, profile: .compat20).status(Bench.registration().request) == .success)
    }

    @Test("step 9: enterprise attestation is not offered, whatever its value", arguments: [0, 1, 2, 3] as [UInt64])
    func enterpriseAttestation(value: UInt64) async {
        var request = Bench.registration()
        request.enterpriseAttestation = value
        #expect(await Bench().status(request.request) == .invalidParameter)
    }

    @Test(
        "steps 11 and 14: one touch shows presence and, if asked, verification",
        arguments: [
            (Flavour.platform, nil, [.userPresent]), (.platform, false, [.userPresent]),
            (.platform, true, [.userPresent, .userVerified]), (.securityKey, nil, [.userPresent]),
            (.phone, nil, [.userPresent, .userVerified, .backupEligible, .backedUp]),
            (.phone, false, [.userPresent, .userVerified, .backupEligible, .backedUp]),
        ] as [(Flavour, Bool?, AuthenticatorData.Flags)])
    func userGestures(flavour: Flavour, verify: Bool?, flags: AuthenticatorData.Flags) async throws {
        let gate = RecordingGate()
        let made = try await Bench(flavour, gate: gate).register(Bench.registration(userVerification: verify))
        #expect(made.data.flags == flags.union(.attestedCredentialData))
        let reason = UserRequest.Reason.makeCredential(
            relyingPartyID: Bench.relyingPartyID, relyingPartyName: "The Manual", userName: "mina")
        #expect(gate.requests == [UserRequest(reason, needsVerification: flags.contains(.userVerified))])
    }

    @Test(
        "steps 11 and 14: refusals of the user",
        arguments: [
            (UserDecision.denied, CTAPStatus.operationDenied), (.verificationFailed, .operationDenied),
            (.timedOut, .userActionTimeout),
        ], [true, false])
    func refusals(_ row: (UserDecision, CTAPStatus), verify: Bool) async throws {
        let bench = Bench(gate: DenyingGate(row.0))
        #expect(await bench.respond(Bench.registration(userVerification: verify).request) == CTAPResponse(row.1))
        #expect(try await bench.store.sources(relyingPartyID: Bench.relyingPartyID).isEmpty)
    }

    @Test(
        "step 12: a credential of the exclude list, of either kind, is answered after a touch",
        arguments: [true, false])
    func excluded(discoverable: Bool) async throws {
        let gate = RecordingGate()
        let bench = Bench(gate: gate)
        let made = try await bench.register(
            Bench.registration(discoverable: discoverable, userVerification: discoverable))
        let list = [PublicKeyCredentialDescriptor(id: [9, 9]), PublicKeyCredentialDescriptor(id: made.id)]
        for decision in [UserDecision.approved, .denied, .timedOut] {
            gate.answer(decision)
            #expect(await bench.status(Bench.registration(excludeList: list).request) == .credentialExcluded)
            let reason = UserRequest.Reason.excludedCredential(relyingPartyID: Bench.relyingPartyID)
            #expect(gate.requests.last == UserRequest(reason, needsVerification: false))
        }
        // Verification was touch enough.
        gate.answer(.approved)
        let count = gate.requests.count
        let verified = Bench.registration(userVerification: true, excludeList: list)
        #expect(await bench.status(verified.request) == .credentialExcluded)
        #expect(gate.requests.count == count + 1)
    }

    @Test("step 12: another relying party's credential and unknown types do not exclude", arguments: [true, false])
    func notExcluded(discoverable: Bool) async throws {
        let bench = Bench()
        let made = try await bench.register(
            Bench.registration(discoverable: discoverable, userVerification: discoverable))
        var descriptor = PublicKeyCredentialDescriptor(id: made.id)
        let foreign = Bench.registration(relyingPartyID: "other.example", excludeList: [descriptor])
        #expect(await bench.status(foreign.request) == .success)
        descriptor.type = "something-else"
        #expect(await bench.status(Bench.registration(excludeList: [descriptor]).request) == .success)
    }

    @Test("step 15: unknown extensions are ignored")
    func extensions() async throws {
        var request = Bench.registration()
        var extensions = CBORMap()
        extensions["credProtected"] = "nonsense"
        extensions["prf"] = [1]
        request.extensions = extensions
        let made = try await Bench().register(request)
        #expect(made.data.extensions == nil)
        #expect(made.response.unsignedExtensionOutputs == nil)
    }

    @Test("step 16: an account's new discoverable credential replaces the earlier one")
    func overwriting() async throws {
        let bench = Bench()
        let made = try await bench.register(accounts: [[1], [2], [1]])
        #expect(
            try await bench.store.sources(relyingPartyID: Bench.relyingPartyID).map(\.id) == [made[2].id, made[1].id])
        #expect(await bench.status(Bench.authentication(allowList: [made[0].id]).request) == .noCredentials)
    }

    @Test("step 16: what is not discoverable is not stored")
    func notStored() async throws {
        let bench = Bench()
        let made = try await bench.register(Bench.registration())
        #expect(try await bench.store.sources(relyingPartyID: Bench.relyingPartyID).isEmpty)
        #expect(try await bench.client.getAssertions(Bench.authentication(allowList: [made.id])).count == 1)
    }

    @Test("step 16: a full store is said so, and an account can still be overwritten")
    func fullStore() async throws {
        let bench = Bench(store: MemoryCredentialStore(capacity: 2))
        _ = try await bench.register(accounts: [[1], [2]])
        let third = Bench.registration(user: [3], discoverable: true, userVerification: true)
        #expect(await bench.status(third.request) == .keyStoreFull)
        _ = try await bench.register(accounts: [[2]])
    }

    @Test("an empty user handle is accepted")
    func emptyUserHandle() async throws {
        let bench = Bench()
        _ = try await bench.register(accounts: [[]])
        let assertion = try await bench.client.getAssertions(Bench.authentication(userVerification: true))
        #expect(assertion.first?.user == nil)
    }

    @Test("lengths that the clause fixes")
    func lengths() async {
        let bench = Bench()
        var request = Bench.registration(user: [UInt8](repeating: 1, count: 65))
        #expect(await bench.status(request.request) == .invalidLength)
        request = Bench.registration(user: [UInt8](repeating: 1, count: 64))
        #expect(await bench.status(request.request) == .success)
        request.clientDataHash = [UInt8](repeating: 1, count: 31)
        #expect(await bench.status(request.request) == .invalidLength)
    }

    @Test("the credential is the flavour's", arguments: Flavour.allCases, CredentialPrivateKey.supportedAlgorithms)
    func authenticatorData(flavour: Flavour, algorithm: COSEAlgorithm) async throws {
        let bench = Bench(flavour, store: MemoryCredentialStore(signatureCounter: 41))
        let made = try await bench.register(Bench.registration(algorithms: [algorithm]))
        #expect(made.data.attestedCredentialData?.aaguid == flavour.aaguid)
        #expect(made.data.signatureCounter == (flavour == .phone ? 0 : 42))
        #expect(made.data.flags.contains(.backupEligible) == (flavour == .phone))
        #expect(made.data.flags.contains(.backedUp) == (flavour == .phone))
        #expect(made.publicKey.algorithm == algorithm)
    }
}
