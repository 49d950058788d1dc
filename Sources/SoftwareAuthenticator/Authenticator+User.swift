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
        case .approved, .finger, .sample: return
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
        let (gate, time) = (gate, time)
        context.report(.userPresenceNeeded)
        if let decision = gate.immediateDecision(request) {
            context.report(.processing)
            if Task.isCancelled { throw .keepaliveCancel }
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
        // Cancelling wins over an approval that came at the same moment: the platform no longer wants the answer.
        if Task.isCancelled { throw .keepaliveCancel }
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
            var state = try await state()
            // A phone's screen lock has rules of its own.
            let isCounted = configuration.flavour != .phone
            if isCounted {
                if state.pin != nil, state.pinRetries == 0 { state = try await change { $0.uvRetries = 0 } }
                guard state.uvRetries > 0 else { return .failed }
            }
            let isLast = attempt >= attempts
            switch try await decision(request, timeout: configuration.userActionTimeout, in: context) {
            case .denied: return .denied
            case .timedOut: return .timedOut
            case .approved, .sample(.good, _):
                try await resetUVRetries(state)
                return .verified
            case .finger(let finger) where !isCounted || state.templates.contains { $0.finger == finger }:
                try await resetUVRetries(state)
                return .verified
            case .finger, .sample, .verificationFailed:
                guard isCounted else { return .failed }
                // Counted before anything is answered, so that pulling the plug gives nothing back.
                if try await change({ $0.uvRetries -= 1 }).uvRetries == 0 || isLast { return .failed }
            }
        }
        return .failed
    }

    private func resetUVRetries(_ state: AuthenticatorState) async throws {
        guard state.uvRetries < AuthenticatorState.maximumUVRetries else { return }
        try await change { $0.uvRetries = AuthenticatorState.maximumUVRetries }
    }

    /// How often the sensor tries by itself when a command verifies the user (CTAP 2.3 §6.5.3.1,
    /// maxUvAttemptsForInternalRetries).
    static var internalVerificationAttempts: Int { 3 }
}
