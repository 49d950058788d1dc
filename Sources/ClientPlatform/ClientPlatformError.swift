public import CTAP

/// Why `create()` or `get()` yielded no credential.
public enum ClientPlatformError: Error, Hashable, Sendable {
    /// The name of the exception that a page would see (Web IDL §2.8.1; WebAuthn Level 3 §5.1.3, §5.1.4).
    public enum Name: String, Hashable, Sendable, CaseIterable {
        /// The caller gave up.
        case abort = "AbortError"
        /// No authenticator can do what is required.
        case constraint = "ConstraintError"
        /// The authenticator holds one of the excluded credentials.
        case invalidState = "InvalidStateError"
        /// Everything that the page is not to know more about.
        case notAllowed = "NotAllowedError"
        /// None of the algorithms is available.
        case notSupported = "NotSupportedError"
        /// The origin may not do this.
        case security = "SecurityError"
        /// A name in an argument is none.
        case syntax = "SyntaxError"
        /// An argument is malformed.
        case type = "TypeError"
    }

    /// The page's origin is no secure context, or its host is no domain.
    case insecureOrigin(String)
    /// The RP ID is neither the host nor a suffix of it.
    case relyingPartyID(String, host: String)
    /// The RP ID is one that unrelated sites share.
    case publicSuffix(String)
    /// The user handle has a length outside of 1…64 bytes.
    case userHandleLength(Int)
    /// `pubKeyCredParams` names only unknown credential types.
    case noCredentialType
    /// `allowCredentials` names only unknown credential types.
    case noAllowedCredential
    /// The options want an authenticator of the other attachment.
    case attachment(wanted: String)
    /// A discoverable credential is required, and the authenticator makes none.
    case discoverableNotSupported
    /// User verification is required, and the authenticator cannot verify its user by built-in means now.
    case userVerificationUnavailable
    /// The input of an extension is malformed; the text says where.
    case extensionInput(String)
    /// The extension `prf` has values by credential where no credentials are named.
    case prfByCredential
    /// The extension `prf` has values for a credential that is not allowed.
    case prfCredential(String)
    /// Nobody chose one of the credentials.
    case noneChosen
    /// The authenticator answered something that does not belong to the request; the text says what.
    case unexpectedAnswer(String)
    /// The authenticator refused or was lost.
    case authenticator(CTAPClientError)
}

extension ClientPlatformError {
    /// The exception's name.
    public var name: Name {
        switch self {
        case .insecureOrigin, .relyingPartyID, .publicSuffix: .security
        case .userHandleLength, .extensionInput: .type
        case .noCredentialType, .prfByCredential: .notSupported
        case .prfCredential: .syntax
        case .discoverableNotSupported, .userVerificationUnavailable: .constraint
        case .noAllowedCredential, .attachment, .noneChosen, .unexpectedAnswer: .notAllowed
        case .authenticator(.cancelled), .authenticator(.status(.keepaliveCancel)): .abort
        case .authenticator(.status(.credentialExcluded)): .invalidState
        case .authenticator(.status(.unsupportedAlgorithm)): .notSupported
        case .authenticator(.status(.unsupportedOption)), .authenticator(.status(.invalidOption)): .constraint
        case .authenticator: .notAllowed
        }
    }
}

extension ClientPlatformError: CustomStringConvertible {
    /// The exception's name, then a sentence for a developer.
    public var description: String { "\(name.rawValue): \(reason)" }

    private var reason: String {
        switch self {
        case .insecureOrigin(let origin):
            "pages of \(origin) cannot use WebAuthn: use https with a domain name, or http://localhost"
        case .relyingPartyID(let id, let host):
            "a page on \(host) cannot use the RP ID \(id): it must be \(host) or a parent domain"
        case .publicSuffix(let id):
            "the RP ID \(id) is shared by unrelated sites: use one with another label before it"
        case .userHandleLength(let count):
            "user.id has \(count) bytes, and 1 to 64 are allowed"
        case .noCredentialType:
            "pubKeyCredParams has no entry of type public-key"
        case .noAllowedCredential:
            "allowCredentials has no entry of type public-key"
        case .attachment(let wanted):
            "the options want a \(wanted) authenticator, and this is none"
        case .discoverableNotSupported:
            "residentKey is required, but the authenticator cannot make discoverable credentials"
        case .userVerificationUnavailable:
            "userVerification is required, but the authenticator has no built-in user verification that is set up"
        case .extensionInput(let place):
            "the input of an extension is malformed: \(place)"
        case .prfByCredential:
            "prf has values by credential, and no credentials are named"
        case .prfCredential(let name):
            "prf has values for \"\(name)\", which is none of allowCredentials"
        case .noneChosen:
            "none of the credentials was chosen"
        case .unexpectedAnswer(let reason):
            "the authenticator's answer does not belong to the request: \(reason)"
        case .authenticator(.status(.credentialExcluded)):
            "the authenticator holds one of the excluded credentials already (\(CTAPStatus.credentialExcluded))"
        case .authenticator(.status(.noCredentials)):
            "the authenticator has no credential for this request (\(CTAPStatus.noCredentials))"
        case .authenticator(.status(.operationDenied)):
            "the user refused at the authenticator, or could not be verified (\(CTAPStatus.operationDenied))"
        case .authenticator(.status(.userActionTimeout)):
            "the user did not react in time (\(CTAPStatus.userActionTimeout))"
        case .authenticator(let error):
            "\(error)"
        }
    }
}
