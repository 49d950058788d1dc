public import WebAuthnModel

/// Why an authentication was refused (WebAuthn Level 3 §7.2).
public enum AuthenticationError: Error, Hashable, Sendable {
    /// One of the checks that both ceremonies share failed.
    case ceremony(CeremonyError)
    /// The credential is not one of those that the options allowed.
    case credentialNotAllowed
    /// No record has this credential ID.
    case credentialUnknown
    /// The credential belongs to another account than the identified one.
    case credentialOfOtherAccount
    /// The account was not identified before, and the response does not name it.
    case userHandleMissing
    /// The response names another account than the one that the credential belongs to.
    case userHandleMismatch
    /// The stored public key cannot be read or used.
    case recordUnusable(String)
    /// BE differs from what was registered.
    case backupEligibilityChanged(registered: Bool, received: Bool)
    /// The signature does not verify.
    case signature(SignatureError)
    /// The signature counter did not grow.
    case counterWentBackwards(stored: UInt32, received: UInt32)
}

extension AuthenticationError: CustomStringConvertible {
    /// A sentence for a developer.
    public var description: String {
        switch self {
        case .ceremony(let error): "\(error)"
        case .credentialNotAllowed: "the credential is not one of those that allowCredentials named"
        case .credentialUnknown: "no account has this credential: it was removed here, or never registered"
        case .credentialOfOtherAccount: "the credential belongs to another account than the one that is logging in"
        case .userHandleMissing: "the response names no account (userHandle): the credential is not discoverable"
        case .userHandleMismatch: "the response names another account than the one that the credential belongs to"
        case .recordUnusable(let reason): "the stored public key cannot be used, register again: \(reason)"
        case .backupEligibilityChanged(let registered, let received):
            "backup eligibility (BE) cannot change: registered \(registered), received \(received)"
        case .signature(let error): "the assertion's signature was refused: \(error)"
        case .counterWentBackwards(let stored, let received):
            """
            the signature counter is \(received) after \(stored): a copy of the authenticator has likely been used; \
            remove the credential if the user does not know why
            """
        }
    }
}
