import FoundationEssentials
import GRDB
import Hummingbird

/// What became of a code that was typed to log in.
enum CodeOutcome: Sendable {
    /// It is right: the cookie's secret and the next page.
    case accepted(secret: [UInt8], next: String)
    /// It is not, and why.
    case refused(Phrase)
    /// There were too many before.
    case delayed(seconds: Int)
}

extension PortalCore {
    /// Takes a code that was typed to log in, in one transaction: it counts as an attempt, whatever comes of it.
    ///
    /// - Parameter redeem: Uses the code up; what is wrong with it, or `nil`.
    func redeemCode(
        of accountID: Int64, level: Session.Level, from session: Session,
        redeem: @escaping @Sendable (Database) throws -> Phrase?
    ) async throws -> CodeOutcome {
        let core = self
        let now = now
        let key = AttemptLimiter.Key.code(accountID: accountID)
        return try await database.write { database in
            // A visit that has ended since the request began proves nothing, and does not count.
            guard try SessionStore.isOpen(session, in: database) else { throw PortalFailure.formExpired }
            if case .delayed(let seconds) = try AttemptLimiter.admit([key], now: now, in: database) {
                return .delayed(seconds: seconds)
            }
            if let phrase = try redeem(database) { return .refused(phrase) }
            try AttemptLimiter.forgive(key, in: database)
            let next = try core.goOn(as: accountID, level: level, from: session, in: database)
            return .accepted(secret: next.secret, next: next.next)
        }
    }

    /// The answer to a code.
    func answer(
        _ outcome: CodeOutcome, on screen: Screen, for request: Request, _ context: PortalContext
    ) -> Response {
        switch outcome {
        case .accepted(let secret, let next): redirect(to: next).withCookie(sessionCookie(secret))
        case .refused(let phrase): refusal(screen, phrase, for: request, context)
        case .delayed(let seconds): delay(screen, seconds: seconds, for: request, context)
        }
    }
}
