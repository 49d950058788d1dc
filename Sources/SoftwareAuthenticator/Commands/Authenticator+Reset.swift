import CTAP

extension Authenticator {
    /// authenticatorReset (CTAP 2.3 §6.6): everything is erased but the model's own.
    func reset(in context: CTAPRequestContext) async throws -> CTAPResponse {
        switch context.transport {
        case .hybrid:
            // 1. It is not enabled for whoever scans a QR code.
            throw CTAPStatus.operationDenied
        case .hid:
            // 2. Without a display, only soon after power-up: a touch alone cannot tell what it is for.
            if let window = configuration.resetWindow, time.now() - poweredUpAt > window {
                throw CTAPStatus.notAllowed
            }
        case .inProcess:
            break  // the program itself asks, not a remote party
        }
        // 3. The user is asked, for a long touch where somebody has wanted that.
        if try await state().needsLongTouchForReset {
            let question = UserRequest(.resetByLongTouch, needsVerification: false)
            switch try await decision(question, timeout: configuration.userActionTimeout, in: context) {
            case .approved, .finger, .sample: break
            case .denied, .verificationFailed, .briefTouch: throw CTAPStatus.operationDenied
            case .timedOut: throw CTAPStatus.userActionTimeout
            }
        } else {
            try await askUser(.reset, needsVerification: false, in: context)
        }
        // 4. Stored credentials, PIN, fingers and settings are forgotten; a new wrapping key makes all wrapped credentials
        // worthless.
        // Where no finger could be enrolled afterwards, the first ones come back.
        let state =
            configuration.enrollsFingers ? AuthenticatorState(templates: [], using: &randomness) : newState()
        try await store.reset(wrappingKey: newWrappingKey(), state: state)
        keyAgreementKeys = [:]
        forgetTokens()
        knownRelyingParties = []
        consecutivePINMismatches = 0
        enrollment = nil
        forgetTouch()
        return CTAPResponse(.success)
    }
}
