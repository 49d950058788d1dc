public import FoundationEssentials
public import WebAuthnModel

/// What a relying party must remember between making options and verifying the response.
///
/// Store it under its challenge, hand it out once, and only before it expires.
public struct Ceremony: Hashable, Sendable, Codable {
    /// The two ceremonies of WebAuthn.
    public enum Kind: String, Hashable, Sendable, Codable {
        /// A credential is made.
        case registration
        /// A credential is used.
        case authentication
    }

    /// Which ceremony.
    public let kind: Kind
    /// The challenge, 32 random bytes.
    public let challenge: Base64URLString
    /// The first moment at which the challenge is no longer valid.
    public let expires: Date
    /// The account that registers or that is already identified; absent when the credential names the account.
    public let userHandle: Base64URLString?
    /// The credentials that may be used; empty means any.
    public let allowedCredentialIDs: [Base64URLString]
    /// Whether the user must be verified.
    public let userVerification: Requirement
    /// The algorithms that were asked for, at registration.
    public let algorithms: [COSEAlgorithm]

    /// Puts the parts together.
    public init(
        kind: Kind, challenge: [UInt8], expires: Date, userHandle: [UInt8]?, allowedCredentialIDs: [[UInt8]] = [],
        userVerification: Requirement, algorithms: [COSEAlgorithm] = []
    ) {
        self.kind = kind
        self.challenge = Base64URLString(challenge)
        self.expires = expires
        self.userHandle = userHandle.map(Base64URLString.init)
        self.allowedCredentialIDs = allowedCredentialIDs.map(Base64URLString.init)
        self.userVerification = userVerification
        self.algorithms = algorithms
    }
}
