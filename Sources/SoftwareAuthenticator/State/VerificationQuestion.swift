import CTAP

/// How a request wants its user verified (CTAP 2.3 §6.1.2 step 11, §6.2.2 step 6).
struct VerificationQuestion: Sendable {
    /// The proof of a token, with its protocol.
    let param: [UInt8]?
    let pinUVAuthProtocol: PINUVAuthProtocol?
    /// Whether the authenticator verifies by itself where there is no token.
    let verifies: Bool
    /// What the proof is computed over.
    let message: [UInt8]
    let permission: PINUVAuthPermissions
    let relyingPartyID: String
    let reason: UserRequest.Reason
    let isFutile: Bool
}

extension Authenticator {
    /// Whether the authenticator is to verify the user by itself (CTAP 2.3 §6.1.2 step 5, §6.2.2 step 4).
    ///
    /// - Throws: CTAP2_ERR_INVALID_OPTION when it is to and cannot.
    func wantsVerification(
        _ options: AuthenticatorOptions, _ state: AuthenticatorState, hasToken: Bool
    ) throws(CTAPStatus) -> Bool {
        // A token speaks for the user; the option is then as if it were false.
        guard options.userVerification == true, !hasToken else { return false }
        guard canVerifyUser(state) else { throw .invalidOption }
        return true
    }

    /// Verifies the user by the token, or by built-in means.
    func verification(
        _ question: VerificationQuestion, _ state: AuthenticatorState, in context: CTAPRequestContext
    ) async throws -> Verification {
        if let param = question.param, let pinUVAuthProtocol = question.pinUVAuthProtocol {
            // Deviation: where nobody could be verified there can be no token, and CTAP 2.3 ignores the proof. It is refused as
            // CTAP 2.0 has it, which conformance suites of both editions accept.
            guard isProtected(state) else { throw CTAPStatus.pinNotSet }
            return try verify(
                param, pinUVAuthProtocol, for: question.message, permission: question.permission,
                relyingPartyID: question.relyingPartyID)
        }
        guard question.verifies else { return Verification() }
        switch try await verifyUser(
            question.reason, isFutile: question.isFutile, attempts: Authenticator.internalVerificationAttempts,
            in: context)
        {
        case .verified: return Verification(isVerified: true, isPresent: true, method: .fingerprint)
        // Deviation: the steps would send whoever declines to the PIN, if there is one; no means no.
        case .denied: throw CTAPStatus.operationDenied
        case .timedOut: throw CTAPStatus.userActionTimeout
        case .failed:
            let state = try await self.state()
            if state.pin != nil { throw CTAPStatus.puatRequired }
            throw configuration.supportsPIN && state.uvRetries == 0 ? CTAPStatus.pinBlocked : .operationDenied
        }
    }
}
