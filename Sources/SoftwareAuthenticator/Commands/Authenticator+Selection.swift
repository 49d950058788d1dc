import CTAP

extension Authenticator {
    /// authenticatorSelection (CTAP 2.3 §6.9): the user says that this is the authenticator to use.
    func selection(in context: CTAPRequestContext) async throws -> CTAPResponse {
        try await askUser(.selection, needsVerification: false, in: context)
        return CTAPResponse(.success)
    }
}
