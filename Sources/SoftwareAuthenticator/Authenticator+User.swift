import CTAP

extension Authenticator {
    /// Asks the user once for presence and, where needed, verification.
    ///
    /// - Parameter isFutile: whether an approval leads to nothing but a refusal.
    /// - Throws: CTAP2_ERR_KEEPALIVE_CANCEL when the task is cancelled, CTAP2_ERR_USER_ACTION_TIMEOUT when nobody
    ///   reacts in time, CTAP2_ERR_OPERATION_DENIED when the user declines or cannot be verified.
    func askUser(
        _ reason: UserRequest.Reason, needsVerification: Bool, isFutile: Bool = false, in context: CTAPRequestContext
    ) async throws(CTAPStatus) {
        let request = UserRequest(reason, needsVerification: needsVerification, isFutile: isFutile)
        let (gate, time, timeout) = (gate, time, configuration.userActionTimeout)
        context.report(.userPresenceNeeded)
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
        switch decision {
        case .approved: return
        case .denied, .verificationFailed: throw .operationDenied
        case .timedOut: throw .userActionTimeout
        }
    }

    /// CTAP 2.3 §6.1.2 and §6.2.2, steps 1 and 2: what to do with a `pinUvAuthParam` where there is no PIN.
    func checkPINUVAuthParam(
        _ param: [UInt8]?, protocol: UInt64?, in context: CTAPRequestContext
    ) async throws(CTAPStatus) {
        guard let param else { return }
        // 1. A parameter without length asks for a touch, and then whether there is a PIN or another verification.
        if param.isEmpty {
            try await askUser(.selection, needsVerification: false, in: context)
            throw configuration.verifiesUser ? .pinInvalid : .pinNotSet
        }
        // 2. A parameter needs a protocol, and one that is supported.
        guard let `protocol` else { throw .missingParameter }
        guard configuration.flavour.pinUVAuthProtocols.contains(where: { $0.rawValue == `protocol` }) else {
            throw .invalidParameter
        }
        // 11 of §6.1.2, 6 of §6.2.2, said here because nothing that follows can change it: no token was ever handed out, so
        // the parameter is proof of nothing.
        throw configuration.verifiesUser ? .pinAuthInvalid : .pinNotSet
    }
}
