import CTAP

extension Authenticator {
    /// authenticatorReset (CTAP 2.3 §6.6): all credentials are erased.
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
        // 3. The user is asked.
        try await askUser(.reset, needsVerification: false, in: context)
        // 4. Stored credentials are forgotten; a new wrapping key makes all wrapped ones worthless.
        try await store.reset(wrappingKey: newWrappingKey())
        keyAgreementKeys = [:]
        return CTAPResponse(.success)
    }
}
