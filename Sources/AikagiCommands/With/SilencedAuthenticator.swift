import CTAP

/// An authenticator whose answers never reach anybody, for a phone that hangs up in the middle of a ceremony.
struct SilencedAuthenticator: CTAPAuthenticator {
    private let authenticator: any CTAPAuthenticator
    private let answersUser: Bool
    private let hangUp: @Sendable () -> Void

    /// - Parameters:
    ///   - answersUser: Whether the request is carried out, and only its response is lost.
    ///   - hangUp: Is called when the moment has come; the task is expected to be cancelled then.
    init(_ authenticator: any CTAPAuthenticator, answersUser: Bool, hangUp: @escaping @Sendable () -> Void) {
        self.authenticator = authenticator
        self.answersUser = answersUser
        self.hangUp = hangUp
    }

    func respond(to request: CTAPRequest, in context: CTAPRequestContext) async -> CTAPResponse {
        // What it can do is asked before there is anybody to hang up on.
        guard request.command != .getInfo else { return await authenticator.respond(to: request, in: context) }
        if answersUser { _ = await authenticator.respond(to: request, in: context) }
        hangUp()
        // Nothing is ever sent through it: this waits for the cancellation only.
        let (cancellation, continuation) = AsyncStream<Never>.makeStream()
        for await _ in cancellation {}
        continuation.finish()
        return CTAPResponse(.keepaliveCancel)
    }
}
