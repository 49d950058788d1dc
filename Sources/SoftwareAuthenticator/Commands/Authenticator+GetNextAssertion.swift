import CTAP

/// What authenticatorGetNextAssertion continues (CTAP 2.3 §6.3).
///
/// It is lost with the power, by any other command, by this one on another channel, 30 seconds after its last step, and
/// after its last credential. Since any other command ends it, nothing can change the credentials meanwhile, and counting them
/// is enough.
struct RemainingAssertions: Sendable {
    /// How long after the last step the next may come.
    static let lifetime: Duration = .seconds(30)

    let assertion: Assertion
    var handedOut: Int
    let total: Int
    /// What is still to come of an allow list; without one, the store knows.
    var listed: ArraySlice<CredentialSource>?
    /// The channel it belongs to: another client must not reap what this one was approved for.
    let transport: CTAPRequestContext.Transport
    var lastStep: Duration
    /// When the token ends that it was approved with.
    let expiresAt: Duration?
}

extension Authenticator {
    /// authenticatorGetNextAssertion; the numbers are the steps of CTAP 2.3 §6.3.
    func getNextAssertion(in context: CTAPRequestContext) async throws -> CTAPResponse {
        let pending = remainingAssertions
        // Only a step that succeeds is followed by another one: on another channel it is a command that comes in between.
        remainingAssertions = nil
        // 1. Nothing is remembered, or not for this channel.
        guard var remaining = pending, remaining.transport == context.transport else { throw CTAPStatus.notAllowed }
        // 2, 3. Too late, or all have been handed out.
        guard time.now() - remaining.lastStep <= RemainingAssertions.lifetime,
            remaining.expiresAt.map({ time.now() <= $0 }) ?? true,
            let source = try await next(of: &remaining)
        else { throw CTAPStatus.notAllowed }
        // 4, 5. The next credential signs; the number of credentials is not repeated.
        let response = try await sign(remaining.assertion, with: source)
        // 6. The timer starts anew.
        remaining.lastStep = time.now()
        remaining.handedOut += 1
        remainingAssertions = remaining.handedOut < remaining.total ? remaining : nil
        return response.response
    }

    private func next(of remaining: inout RemainingAssertions) async throws -> CredentialSource? {
        if remaining.listed != nil { return remaining.listed?.popFirst() }
        let isVerified = remaining.assertion.verification.isVerified
        let page = try await store.sources(
            relyingPartyID: remaining.assertion.relyingPartyID,
            protectedAtMost: isVerified ? .userVerificationRequired : .userVerificationOptional,
            skipping: remaining.handedOut, limit: 1)
        return page.sources.first
    }
}
