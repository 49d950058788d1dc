import CTAP

extension Authenticator {
    /// Asks the user once for presence.
    ///
    /// - Throws: CTAP2_ERR_KEEPALIVE_CANCEL when the task is cancelled, CTAP2_ERR_USER_ACTION_TIMEOUT when nobody
    ///   reacts in time, CTAP2_ERR_OPERATION_DENIED when the user declines or cannot be verified.
    func askUser(
        _ reason: UserRequest.Reason, needsVerification: Bool, isFutile: Bool = false, in context: CTAPRequestContext
    ) async throws(CTAPStatus) {
        let request = UserRequest(reason, needsVerification: needsVerification, isFutile: isFutile)
        switch try await decision(request, timeout: configuration.userActionTimeout, in: context) {
        case .approved, .finger, .sample, .briefTouch: return
        case .denied, .verificationFailed: throw .operationDenied
        case .timedOut: throw .userActionTimeout
        }
    }

    /// What the user answers, or `timedOut` when nobody does in time.
    ///
    /// - Throws: CTAP2_ERR_KEEPALIVE_CANCEL when the task is cancelled.
    func decision(
        _ request: UserRequest, timeout: Duration, in context: CTAPRequestContext
    ) async throws(CTAPStatus) -> UserDecision {
        let decision = await ask(request, timeout: timeout, in: context)
        // Cancelling wins over an approval that came at the same moment: the platform no longer wants the answer.
        if Task.isCancelled { throw .keepaliveCancel }
        return decision
    }

    private func ask(
        _ request: UserRequest, timeout: Duration, in context: CTAPRequestContext
    ) async -> UserDecision {
        let (gate, time) = (gate, time)
        context.report(.userPresenceNeeded)
        if let decision = gate.immediateDecision(request) {
            context.report(.processing)
            return decision
        }
        let decision = await withTaskGroup(of: UserDecision.self) { group in
            group.addTask { await gate.decide(request) }
            group.addTask {
                do { try await time.sleep(timeout) } catch { return .denied }  // cancelled: nobody reads this
                return .timedOut
            }
            let first = await group.next()
            group.cancelAll()
            return first ?? .timedOut
        }
        context.report(.processing)
        return decision
    }

    /// How a verification by built-in means ended.
    enum VerificationOutcome: Sendable {
        case verified
        /// The user declined.
        case denied
        case timedOut
        /// Not recognised, and perhaps blocked by now.
        case failed
    }

    /// performBuiltInUv (CTAP 2.3 §6.5.3.1).
    ///
    /// - Parameter attempts: how often the sensor may try before the platform is told.
    func verifyUser(
        _ reason: UserRequest.Reason, isFutile: Bool, attempts: Int, in context: CTAPRequestContext
    ) async throws -> VerificationOutcome {
        let request = UserRequest(reason, needsVerification: true, isFutile: isFutile)
        for attempt in 1...max(attempts, 1) {
            let before = try await countAttempt()
            guard before.uvRetries > 0 else { return .failed }
            // The outcome counts even if nobody wants it any more: cancelling gives no attempt back.
            let decision = await ask(request, timeout: configuration.userActionTimeout, in: context)
            let outcome = outcome(of: decision, before)
            switch outcome {
            case .verified: try await restoreAttempts(AuthenticatorState.maximumUVRetries)
            case .denied, .timedOut: try await restoreAttempts(before.uvRetries)
            case .failed: break
            }
            if Task.isCancelled { throw CTAPStatus.keepaliveCancel }
            guard case .failed = outcome else { return outcome }
            if attempt >= attempts || (countsAttempts && before.uvRetries == 1) { return .failed }
        }
        return .failed
    }

    /// Whether failed verifications are counted: a phone's screen lock has rules of its own, and without PIN nobody could
    /// unblock a reader.
    private var countsAttempts: Bool { configuration.supportsPIN }

    /// Takes an attempt before anybody is asked, so that pulling the plug gives none back.
    ///
    /// - Returns: the state before.
    private func countAttempt() async throws -> AuthenticatorState {
        var state = try await state()
        guard countsAttempts else { return state }
        // A blocked PIN blocks the reader as well (CTAP 2.3 §6.5.3.1).
        if state.pin != nil, state.pinRetries == 0 { state = try await change { $0.uvRetries = 0 } }
        guard state.uvRetries > 0 else { return state }
        try await change { $0.uvRetries = max($0.uvRetries - 1, 0) }
        return state
    }

    private func restoreAttempts(_ count: Int) async throws {
        guard countsAttempts else { return }
        try await change { $0.uvRetries = count }
    }

    private func outcome(of decision: UserDecision, _ state: AuthenticatorState) -> VerificationOutcome {
        switch decision {
        case .approved: .verified
        case .denied: .denied
        case .timedOut: .timedOut
        case .finger(let finger), .sample(.good, let finger):
            configuration.flavour == .phone || state.templates.contains { $0.finger == finger } ? .verified : .failed
        case .sample, .verificationFailed, .briefTouch: .failed
        }
    }

    /// How often the sensor tries by itself when a command verifies the user (CTAP 2.3 §6.5.3.1,
    /// maxUvAttemptsForInternalRetries).
    static var internalVerificationAttempts: Int { 3 }
}
