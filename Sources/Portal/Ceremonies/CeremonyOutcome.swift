import Logging
import RelyingParty

/// The answer to a ceremony that went well: the page to go on with.
struct CeremonyOutcome: Encodable {
    let next: String

    /// What the visitor is told about one that did not; the developer's reason goes to the log, which names nobody.
    static func failure(from error: any Error, logger: Logger) -> any Error {
        let failure: PortalFailure
        switch error {
        case let error as CeremonyError: failure = self.failure(error)
        case RegistrationError.ceremony(let error): failure = self.failure(error)
        case AuthenticationError.ceremony(let error): failure = self.failure(error)
        case RegistrationError.credentialAlreadyRegistered: failure = .alreadyRegistered
        case AuthenticationError.credentialUnknown: failure = .credentialUnknown
        case is RegistrationError, is AuthenticationError: failure = .notVerified
        default: return error
        }
        logger.notice("ceremony refused", metadata: ["reason": "\(error)"])
        return failure
    }

    private static func failure(_ error: CeremonyError) -> PortalFailure {
        switch error {
        case .challengeUnknown, .challengeUsed, .challengeExpired: .ceremonyExpired
        case .malformedJSON: .malformedJSON
        case .responseTooLarge: .tooLarge
        default: .notVerified
        }
    }
}
