import CTAP

/// What authenticatorGetNextAssertion continues (CTAP 2.3 §6.3).
///
/// It is lost with the power, by any other command, 30 seconds after its last step, and after its last credential.
struct RemainingAssertions: Sendable {
    /// How long after the last step the next may come.
    static let lifetime: Duration = .seconds(30)

    let assertion: Assertion
    var sources: ArraySlice<CredentialSource>
    /// The channel it belongs to: another client must not reap what this one was approved for.
    let transport: CTAPRequestContext.Transport
    var lastStep: Duration
}

extension Authenticator {
    /// authenticatorGetNextAssertion; the numbers are the steps of CTAP 2.3 §6.3.
    func getNextAssertion(in context: CTAPRequestContext) async throws -> CTAPResponse {
        // 1. Nothing is remembered, or not for this channel.
        guard var remaining = remainingAssertions, remaining.transport == context.transport else {
            throw CTAPStatus.notAllowed
        }
        // 2, 3. Too late, or all have been handed out.
        guard time.now() - remaining.lastStep <= RemainingAssertions.lifetime,
            let source = remaining.sources.popFirst()
        else {
            remainingAssertions = nil
            throw CTAPStatus.notAllowed
        }
        // 4, 5. The next credential signs; the number of credentials is not repeated.
        let response = try await sign(remaining.assertion, with: source)
        // 6. The timer starts anew.
        remaining.lastStep = time.now()
        remainingAssertions = remaining.sources.isEmpty ? nil : remaining
        return response.response
    }
}
