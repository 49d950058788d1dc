public import CTAP
import WebAuthnModel

/// A CTAP2 authenticator in software: commands over a credential store and a user.
///
/// One request is worked on at a time. Others wait for their turn, report ``KeepaliveStatus/processing``, and answer
/// CTAP2_ERR_KEEPALIVE_CANCEL if they are cancelled meanwhile; so one touch never serves two requests, and a door that
/// has just cancelled a request need not wait for its end.
public actor Authenticator: CTAPAuthenticator {
    /// What it is and does; fixed for its life.
    public nonisolated let configuration: Configuration

    let store: any CredentialStore
    let gate: any BiometricGate
    let time: ElapsedTime
    let reportFailure: @Sendable (any Error) -> Void
    var randomness: any RandomNumberGenerator & Sendable
    /// The assertions that authenticatorGetNextAssertion may still fetch.
    var remainingAssertions: RemainingAssertions?
    /// The key agreement keys of the PIN/UV auth protocols, as far as they have been asked for since power-up.
    var keyAgreementKeys: [PINUVAuthProtocol: KeyAgreementPrivateKey] = [:]
    /// The PIN/UV auth tokens in use.
    var tokens: [PINUVAuthProtocol: ActiveToken] = [:]
    /// How many PINs in a row were wrong since power-up; at three, only a power cycle helps.
    var consecutivePINMismatches = 0
    /// What credential management's enumerations continue with.
    var enumerations = CredentialEnumerations()
    /// The large blobs that are being written.
    var largeBlobWrite: LargeBlobWrite?
    /// The finger that is being enrolled.
    var enrollment: FingerEnrollment?
    /// A touch that a CTAP1 client is still to fetch.
    var ctap1Touch: CTAP1Touch?
    /// How many such touches there have been.
    var ctap1TouchCount: UInt64 = 0
    /// How often the power has gone.
    private var powerCycleCount = 0
    /// The relying parties with credentials that are not stored, as far as they have been seen since the process began: what
    /// somebody with several keys remembers of each.
    var knownRelyingParties: Set<[UInt8]> = []
    /// When the power came on, as the clock's elapsed time.
    var poweredUpAt: Duration
    /// Knows what authenticatorGetInfo has last said.
    nonisolated let desk = InformationDesk()
    /// A wrapping key for a store that has none; drawn when it may be needed, and handed out once at most.
    var spareWrappingKey: SecretBytes?
    let queue = RequestQueue()

    /// An authenticator whose power comes on now.
    ///
    /// - Parameters:
    ///   - configuration: what it is.
    ///   - store: where credentials are kept.
    ///   - gate: the person.
    ///   - randomness: draws keys, credential IDs and nonces.
    ///   - clock: measures time-outs.
    ///   - reportFailure: is told what went wrong inside whenever a request is answered with CTAP1_ERR_OTHER or
    ///     CTAP2_ERR_KEY_STORE_FULL; such errors carry no secrets.
    public init(
        configuration: Configuration, store: any CredentialStore, gate: any BiometricGate,
        randomness: any RandomNumberGenerator & Sendable = SystemRandomness(),
        clock: any Clock<Duration> = ContinuousClock(),
        reportFailure: @escaping @Sendable (any Error) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.store = store
        self.gate = gate
        self.randomness = randomness
        self.reportFailure = reportFailure
        time = ElapsedTime(clock)
        poweredUpAt = time.now()
    }

    /// Answers one request.
    public func respond(to request: CTAPRequest, in context: CTAPRequestContext) async -> CTAPResponse {
        context.report(.processing)
        guard await queue.enter() else { return CTAPResponse(.keepaliveCancel) }
        defer {
            desk.set(isWithinSequence: isWithinSequence)
            queue.leave()
        }
        forgetSequences(otherThan: request)
        guard UInt64(request.byteCount) <= configuration.maximumMessageSize else {
            return CTAPResponse(.requestTooLarge)
        }
        let power = powerCycleCount
        defer { if power != powerCycleCount { forgetWhatPowerKeeps() } }
        do {
            let response = try await perform(request, in: context)
            // What the power took away is not answered any more, and leaves nothing behind.
            return power == powerCycleCount ? response : CTAPResponse(.keepaliveCancel)
        } catch let status as CTAPStatus {
            return CTAPResponse(status)
        } catch {
            // A store may give up because the request was cancelled; that is no failure.
            if Task.isCancelled { return CTAPResponse(.keepaliveCancel) }
            reportFailure(error)
            return CTAPResponse((error as? CredentialStoreError) == .full ? .keyStoreFull : .other)
        }
    }

    /// Takes the power away and gives it back: what was kept in memory is lost, and the time for a reset starts anew.
    ///
    /// A request that waits for the user is not ended; whoever takes the power away cancels its task as well.
    public func powerCycle() {
        powerCycleCount += 1
        forgetWhatPowerKeeps()
        poweredUpAt = time.now()
    }

    private func forgetWhatPowerKeeps() {
        remainingAssertions = nil
        keyAgreementKeys = [:]
        forgetTokens()
        consecutivePINMismatches = 0
        enrollment = nil
        forgetTouch()
    }

    /// Ends what only certain commands continue (CTAP 2.3 §6, stateful commands); any other command does.
    private func forgetSequences(otherThan request: CTAPRequest) {
        if request.command != .getNextAssertion { remainingAssertions = nil }
        let management: [CTAPCommand] = [.credentialManagement, .credentialManagementPreview]
        if !management.contains(request.command) { enumerations = CredentialEnumerations() }
        if request.command != .largeBlobs { largeBlobWrite = nil }
    }

    private var isWithinSequence: Bool {
        remainingAssertions != nil || largeBlobWrite != nil || enumerations.isUnderWay
    }

    private func perform(_ request: CTAPRequest, in context: CTAPRequestContext) async throws -> CTAPResponse {
        switch request.command {
        case .makeCredential:
            try await makeCredential(
                MakeCredentialRequest(
                    parameters: request.parameters,
                    incompleteAlgorithm: configuration.profile.statusOfIncompleteAlgorithm),
                in: context)
        case .getAssertion:
            try await getAssertion(GetAssertionRequest(parameters: request.parameters), in: context)
        // A phone has no use for it; to others it is how the secret for `hmac-secret` is agreed on.
        case .clientPIN where !configuration.flavour.pinUVAuthProtocols.isEmpty:
            try await clientPIN(ClientPINRequest(parameters: request.parameters), in: context)
        case .credentialManagement where hasManagement, .credentialManagementPreview where hasPreview:
            try await credentialManagement(
                CredentialManagementRequest(parameters: request.parameters),
                isPreview: request.command == .credentialManagementPreview, in: context)
        case .bioEnrollment where configuration.enrollsFingers,
            .bioEnrollmentPreview where hasPreview && configuration.enrollsFingers:
            try await bioEnrollment(
                BioEnrollmentRequest(parameters: request.parameters),
                isPreview: request.command == .bioEnrollmentPreview, in: context)
        case .largeBlobs where hasManagement && configuration.hasLargeBlobArray:
            try await largeBlobs(LargeBlobsRequest(parameters: request.parameters), in: context)
        case .config where hasManagement:
            try await config(ConfigRequest(parameters: request.parameters))
        // The other commands have no parameters; bytes that follow them are ignored.
        case .getNextAssertion: try await getNextAssertion(in: context)
        case .getInfo: try await getInfo()
        case .selection: try await selection(in: context)
        case .reset: try await reset(in: context)
        default: throw CTAPStatus.invalidCommand
        }
    }

    /// Whether there is a PIN, credential management and so on.
    nonisolated var hasManagement: Bool { configuration.supportsPIN && configuration.profile.hasManagement }
    private var hasPreview: Bool { configuration.supportsPIN && configuration.profile.hasPreviewCommands }
}
