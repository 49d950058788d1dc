import CBOR
import CTAP
import Crypto
import SoftwareAuthenticator
import TestSupport
import Testing
import WebAuthnModel

/// A store that does not work.
private struct BrokenStore: CredentialStore {
    private static let failure = CredentialStoreError.unavailable("broken")

    func save(_ source: CredentialSource) throws(CredentialStoreError) { throw Self.failure }
    func sources(
        relyingPartyID: String, protectedAtMost protection: CredentialProtection, skipping: Int, limit: Int
    ) throws(CredentialStoreError) -> CredentialPage { throw Self.failure }
    func relyingPartyIDs() throws(CredentialStoreError) -> [String] { throw Self.failure }
    func census() throws(CredentialStoreError) -> CredentialCensus { throw Self.failure }
    func state() throws(CredentialStoreError) -> AuthenticatorState? { throw Self.failure }
    func updateState(
        orBeginningWith new: AuthenticatorState,
        _ change: @escaping @Sendable (inout AuthenticatorState) throws -> Void
    ) throws -> AuthenticatorState { throw Self.failure }
    func largeBlobArray() throws(CredentialStoreError) -> [UInt8]? { throw Self.failure }
    func save(largeBlobArray: [UInt8]) throws(CredentialStoreError) { throw Self.failure }
    func source(id: [UInt8]) throws(CredentialStoreError) -> CredentialSource? { throw Self.failure }
    func update(_ source: CredentialSource) throws(CredentialStoreError) -> Bool { throw Self.failure }
    func save(_ blob: LargeBlobData, forCredentialWithID id: [UInt8]) throws(CredentialStoreError) -> Bool {
        throw Self.failure
    }
    func delete(id: [UInt8]) throws(CredentialStoreError) -> Bool { throw Self.failure }
    func nextSignatureCounter() throws(CredentialStoreError) -> UInt32 { throw Self.failure }
    func wrappingKey(orStoring candidate: SecretBytes) throws(CredentialStoreError) -> SecretBytes {
        throw Self.failure
    }
    func attestationIdentity(
        orStoring candidate: AttestationIdentity?
    ) throws(CredentialStoreError) -> AttestationIdentity? { throw Self.failure }
    func reset(wrappingKey: SecretBytes, state: AuthenticatorState) throws(CredentialStoreError) {
        throw Self.failure
    }
}

/// CTAP 2.3 §8.2: one way to each status that an authenticator answers.
@Suite("Status codes (§8.2)", .timeLimit(.minutes(2))) struct StatusTests {
    struct Way: CustomTestStringConvertible, Sendable {
        let status: CTAPStatus
        let run: @Sendable () async throws -> CTAPStatus

        init(_ status: CTAPStatus, _ run: @escaping @Sendable () async throws -> CTAPStatus) {
            self.status = status
            self.run = run
        }

        var testDescription: String { status.description }
    }

    private static func bench(_ decision: UserDecision, _ flavour: Flavour = .securityKey) -> Bench {
        Bench(flavour, gate: RecordingGate(decision))
    }

    private static func registration(_ change: (inout MakeCredentialRequest) -> Void) -> CTAPRequest {
        var request = Bench.registration()
        change(&request)
        return request.request
    }

    private static func blob(_ bytes: [UInt8], length: UInt64?, offset: UInt64 = 0) -> CTAPRequest {
        LargeBlobsRequest(set: bytes, offset: offset, length: length).request
    }

    /// The statuses whose meaning is the authenticator's; those of CTAPHID are tested there.
    static let ways: [Way] = [
        Way(.success) { await Bench().status(CTAPRequest(.selection)) },
        Way(.invalidCommand) { await Bench().status(CTAPRequest(CTAPCommand(rawValue: 0x03))) },
        Way(.invalidParameter) { await Bench().status(registration { $0.enterpriseAttestation = 1 }) },
        Way(.invalidLength) { await Bench(.securityKey).status(LargeBlobsRequest(get: 7546, offset: 0).request) },
        Way(.invalidSequence) { await Bench(.securityKey).status(blob([1], length: nil, offset: 5)) },
        Way(.cborUnexpectedType) { await Bench().status(CTAPRequest(.makeCredential, parameters: [0x80])) },
        Way(.invalidCBOR) { await Bench().status(CTAPRequest(.makeCredential)) },
        Way(.missingParameter) { await Bench().status(CTAPRequest(.makeCredential, parameters: [0xA0])) },
        Way(.limitExceeded) {
            let list = (0..<33).map { PublicKeyCredentialDescriptor(id: [$0]) }
            return await Bench().status(Bench.registration(excludeList: list).request)
        },
        Way(.fingerprintDatabaseFull) {
            let bench = Bench { $0.enrolledFingers = ["1", "2", "3", "4", "5"] }
            let token = try await PINPlatform(bench: bench).token(.bioEnrollment, .getTokenUsingUV)
            var request = BioEnrollmentRequest(1)
            request.pinUVAuthProtocol = 2
            request.pinUVAuthParam = token.authenticate(request.authenticatedMessage)
            return await bench.status(request.request)
        },
        Way(.largeBlobStorageFull) { await Bench(.securityKey).status(blob([1], length: 4097)) },
        Way(.credentialExcluded) {
            let bench = Bench()
            let id = try await bench.register(Bench.registration()).id
            return await bench.status(Bench.registration(excludeList: [PublicKeyCredentialDescriptor(id: id)]).request)
        },
        Way(.unsupportedAlgorithm) { await Bench().status(Bench.registration(algorithms: []).request) },
        Way(.operationDenied) { await bench(.denied).status(CTAPRequest(.selection)) },
        Way(.keyStoreFull) {
            let bench = Bench(.securityKey, store: MemoryCredentialStore(capacity: 0))
            return await bench.status(Bench.registration(discoverable: true).request)
        },
        Way(.unsupportedOption) {
            var request = Bench.authentication()
            request.options.discoverable = false
            return await Bench().status(request.request)
        },
        Way(.invalidOption) { await Bench().status(registration { $0.options.userPresence = false }) },
        Way(.keepaliveCancel) {
            let gate = WaitingGate()
            let bench = Bench(.securityKey, gate: gate)
            return await withTaskGroup(of: CTAPStatus.self) { group in
                group.addTask { await bench.status(CTAPRequest(.selection)) }
                _ = await gate.nextCall()
                group.cancelAll()
                return await group.next() ?? .other
            }
        },
        Way(.noCredentials) { await Bench().status(Bench.authentication().request) },
        Way(.userActionTimeout) { await bench(.timedOut).status(CTAPRequest(.selection)) },
        Way(.notAllowed) { await Bench().status(CTAPRequest(.getNextAssertion)) },
        Way(.pinInvalid) { try await PINTests.platform().tokenStatus("0000", nil) },
        Way(.pinBlocked) {
            let platform = try await PINTests.platform()
            for attempt in 1...8 {
                _ = try await platform.tokenStatus("0000", nil)
                if attempt % 3 == 0 { await platform.bench.authenticator.powerCycle() }
            }
            return try await platform.tokenStatus("1234", nil)
        },
        Way(.pinAuthInvalid) {
            let bench = try await PINTests.platform().bench
            return await bench.status(
                registration { ($0.pinUVAuthParam, $0.pinUVAuthProtocol) = ([UInt8](repeating: 0, count: 32), 2) })
        },
        Way(.pinAuthBlocked) {
            let platform = try await PINTests.platform()
            for _ in 1...3 { _ = try await platform.tokenStatus("0000", nil) }
            return try await platform.tokenStatus("1234", nil)
        },
        Way(.pinNotSet) { await Bench(.securityKey).status(registration { $0.pinUVAuthParam = [] }) },
        Way(.puatRequired) { await Bench(.securityKey).status(.credentialManagement, subcommand: 1) },
        Way(.pinPolicyViolation) {
            let platform = try await PINTests.platform(hasPIN: false)
            return await platform.bench.status(
                try await platform.setPIN(PINPlatform.padded(Array("123".utf8))).request)
        },
        Way(.requestTooLarge) {
            await Bench().status(CTAPRequest(.getInfo, parameters: [UInt8](repeating: 0, count: 7609)))
        },
        Way(.uvBlocked) {
            let platform = PINPlatform(bench: bench(.verificationFailed, .platform))
            var last = CTAPStatus.success
            for _ in 1...6 {
                last = try await platform.tokenStatus("", .makeCredential, relyingPartyID: "a", .getTokenUsingUV)
            }
            return last
        },
        Way(.integrityFailure) { await Bench(.securityKey).status(blob([UInt8](repeating: 1, count: 17), length: 17)) },
        Way(.invalidSubcommand) { await Bench(.securityKey).status(.config, subcommand: 0x77) },
        Way(.uvInvalid) {
            try await PINPlatform(bench: bench(.verificationFailed, .platform))
                .tokenStatus("", .makeCredential, relyingPartyID: "a", .getTokenUsingUV)
        },
        Way(.unauthorizedPermission) {
            // There is no reader to enrol a finger with.
            try await PINTests.platform().tokenStatus("1234", .bioEnrollment)
        },
        Way(.other) {
            let authenticator = Authenticator(
                configuration: Authenticator.Configuration(flavour: .securityKey), store: BrokenStore(),
                gate: ApprovingGate(), randomness: SeededGenerator(seed: 1), clock: ManualClock())
            return await authenticator.respond(to: Bench.registration().request, in: CTAPRequestContext()).status
        },
    ]

    @Test("each is answered", arguments: ways)
    func answered(way: Way) async throws { #expect(try await way.run() == way.status) }

    @Test("and none is left out but those of CTAPHID, and those that CTAP 2.3 has no use for")
    func complete() {
        let transport: [UInt8] = [0x05, 0x06, 0x0A, 0x0B]
        // PROCESSING to NO_OPERATIONS; ACTION_TIMEOUT, UP_REQUIRED (NFC).
        let unused: [UInt8] = [0x21, 0x22, 0x23, 0x24, 0x25, 0x3A, 0x3B]
        let named = (UInt8.min...UInt8.max).filter { byte in
            !CTAPStatus(rawValue: byte).description.hasPrefix("CTAP status")
        }
        let answered = Set(Self.ways.map(\.status.rawValue))
        #expect(answered.count == Self.ways.count)
        #expect(Set(named).subtracting(answered).subtracting(transport).subtracting(unused) == [])
        #expect(answered.isSubset(of: named))
    }
}
