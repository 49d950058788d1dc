import Hummingbird

/// Why a request is not carried out, apart from a form's own refusals; each has a page and a JSON answer.
enum PortalFailure: Error, Equatable {
    /// The form's token is missing, or of another visit.
    case formExpired
    /// The body cannot be read.
    case badRequest
    /// The body is too large.
    case tooLarge
    /// Too many attempts were made.
    case tooManyAttempts(seconds: Int)
    /// Too much is going on.
    case unavailable
    /// Nothing is at this address.
    case notFound
    /// Something is at this address, but not for this method.
    case methodNotAllowed(allowed: String)
    /// The request comes from another site's page.
    case crossOrigin
    /// The content type is not JSON.
    case notJSON
    /// The JSON is malformed.
    case malformedJSON
    /// Nobody has logged in, or not far enough.
    case loginRequired
    /// The challenge is unknown, used or expired.
    case ceremonyExpired
    /// The credential is registered already.
    case alreadyRegistered
    /// The credential is not registered.
    case credentialUnknown
    /// The response was not verified.
    case notVerified
    /// Something broke.
    case internalError

    /// The HTTP status.
    var status: HTTPResponse.Status {
        switch self {
        case .formExpired, .crossOrigin: .forbidden
        case .badRequest, .malformedJSON, .ceremonyExpired: .badRequest
        case .tooLarge: .contentTooLarge
        case .tooManyAttempts: .tooManyRequests
        case .unavailable: .serviceUnavailable
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .notJSON: .unsupportedMediaType
        case .loginRequired: .unauthorized
        case .alreadyRegistered: .conflict
        case .credentialUnknown, .notVerified: .unprocessableContent
        case .internalError: .internalServerError
        }
    }

    /// The `error` member of the JSON answer.
    var code: String {
        switch self {
        case .formExpired: "form-expired"
        case .badRequest, .malformedJSON: "malformed"
        case .tooLarge: "too-large"
        case .tooManyAttempts: "too-many-attempts"
        case .unavailable: "unavailable"
        case .notFound: "not-found"
        case .methodNotAllowed: "method-not-allowed"
        case .crossOrigin: "cross-origin"
        case .notJSON: "not-json"
        case .loginRequired: "login-required"
        case .ceremonyExpired: "ceremony-expired"
        case .alreadyRegistered: "already-registered"
        case .credentialUnknown: "credential-unknown"
        case .notVerified: "not-verified"
        case .internalError: "internal-error"
        }
    }

    /// The page's heading.
    func title(_ language: Language) -> String {
        switch self {
        case .formExpired: Phrase.formExpiredTitle.text(language)
        case .tooLarge: Phrase.tooLargeTitle.text(language)
        case .tooManyAttempts: Phrase.tooManyAttemptsTitle.text(language)
        case .unavailable: Phrase.unavailableTitle.text(language)
        case .notFound: Phrase.notFoundTitle.text(language)
        case .methodNotAllowed, .crossOrigin: Phrase.methodNotAllowedTitle.text(language)
        case .internalError: Phrase.internalErrorTitle.text(language)
        default: Phrase.badRequestTitle.text(language)
        }
    }

    /// What happened and what to do.
    func message(_ language: Language) -> String {
        switch self {
        case .formExpired: Phrase.formExpired.text(language)
        case .badRequest: Phrase.badRequest.text(language)
        case .tooLarge: Phrase.tooLarge.text(language)
        case .tooManyAttempts(let seconds):
            Phrase.tooManyAttempts.text(language, Wait.text(seconds: seconds, language))
        case .unavailable: Phrase.unavailable.text(language)
        case .notFound: Phrase.notFound.text(language)
        case .methodNotAllowed: Phrase.methodNotAllowed.text(language)
        case .crossOrigin: Phrase.crossOrigin.text(language)
        case .notJSON: Phrase.notJSON.text(language)
        case .malformedJSON: Phrase.malformedJSON.text(language)
        case .loginRequired: Phrase.loginRequired.text(language)
        case .ceremonyExpired: Phrase.ceremonyExpired.text(language)
        case .alreadyRegistered: Phrase.alreadyRegistered.text(language)
        case .credentialUnknown: Phrase.credentialUnknown.text(language)
        case .notVerified: Phrase.notVerified.text(language)
        case .internalError: Phrase.internalError.text(language)
        }
    }
}

/// How long somebody has to wait, in words.
enum Wait {
    /// Seconds up to a minute and a half, else minutes, rounded up.
    static func text(seconds: Int, _ language: Language) -> String {
        if seconds <= 90 { return language == .japanese ? "\(seconds)秒" : "\(seconds) seconds" }
        let minutes = (seconds + 59) / 60
        return language == .japanese ? "\(minutes)分" : "\(minutes) minutes"
    }
}
