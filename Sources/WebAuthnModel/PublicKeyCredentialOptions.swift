/// Whether a relying party wants something: `required`, `preferred` or `discouraged` (WebAuthn Level 3 §5.4.6, §5.8.6).
public enum Requirement: String, Hashable, Sendable, Codable {
    /// The ceremony fails without it.
    case required
    /// Wanted where possible.
    case preferred
    /// Better not.
    case discouraged
}

/// Which authenticators may be used for registration (WebAuthn Level 3 §5.4.4).
public struct AuthenticatorSelectionCriteria: Hashable, Sendable, Codable {
    /// `platform` or `cross-platform`.
    public var authenticatorAttachment: String?
    /// Whether the credential should be discoverable.
    public var residentKey: Requirement?
    /// The Level 1 form of `residentKey: required`.
    public var requireResidentKey: Bool?
    /// Whether the user must be verified; `preferred` when absent.
    public var userVerification: Requirement?

    /// Puts the parts together.
    public init(
        authenticatorAttachment: String? = nil, residentKey: Requirement? = nil, userVerification: Requirement? = nil
    ) {
        self.authenticatorAttachment = authenticatorAttachment
        self.residentKey = residentKey
        self.requireResidentKey = residentKey.map { $0 == .required }
        self.userVerification = userVerification
    }
}

/// `PublicKeyCredentialCreationOptionsJSON` (WebAuthn Level 3 §5.1.8).
public struct PublicKeyCredentialCreationOptions: Hashable, Sendable, Codable {
    /// The relying party.
    public var rp: PublicKeyCredentialRelyingPartyEntity
    /// The account.
    public var user: PublicKeyCredentialUserEntity
    /// The challenge, at least 16 random bytes.
    public var challenge: Base64URLString
    /// Accepted algorithms, most wanted first.
    public var pubKeyCredParams: [PublicKeyCredentialParameters]
    /// Milliseconds that the client may take.
    public var timeout: Double?
    /// Credentials whose authenticators must not be registered again.
    public var excludeCredentials: [PublicKeyCredentialDescriptor]?
    /// Which authenticators may be used.
    public var authenticatorSelection: AuthenticatorSelectionCriteria?
    /// What kind of authenticator to offer first: `security-key`, `client-device`, `hybrid`.
    public var hints: [String]?
    /// `none`, `indirect`, `direct` or `enterprise`.
    public var attestation: String?
    /// Attestation formats, most wanted first.
    public var attestationFormats: [String]?
    /// Client extension inputs.
    public var extensions: [String: JSONValue]?

    /// Puts the parts together.
    public init(
        rp: PublicKeyCredentialRelyingPartyEntity, user: PublicKeyCredentialUserEntity, challenge: [UInt8],
        pubKeyCredParams: [PublicKeyCredentialParameters], timeout: Double? = nil,
        excludeCredentials: [PublicKeyCredentialDescriptor]? = nil,
        authenticatorSelection: AuthenticatorSelectionCriteria? = nil, hints: [String]? = nil,
        attestation: String? = nil, attestationFormats: [String]? = nil, extensions: [String: JSONValue]? = nil
    ) {
        self.rp = rp
        self.user = user
        self.challenge = Base64URLString(challenge)
        self.pubKeyCredParams = pubKeyCredParams
        self.timeout = timeout
        self.excludeCredentials = excludeCredentials
        self.authenticatorSelection = authenticatorSelection
        self.hints = hints
        self.attestation = attestation
        self.attestationFormats = attestationFormats
        self.extensions = extensions
    }
}

/// `PublicKeyCredentialRequestOptionsJSON` (WebAuthn Level 3 §5.1.9).
public struct PublicKeyCredentialRequestOptions: Hashable, Sendable, Codable {
    /// The challenge, at least 16 random bytes.
    public var challenge: Base64URLString
    /// Milliseconds that the client may take.
    public var timeout: Double?
    /// The RP ID; the origin's domain when absent.
    public var rpId: String?
    /// Acceptable credentials; none means any discoverable one.
    public var allowCredentials: [PublicKeyCredentialDescriptor]?
    /// Whether the user must be verified; `preferred` when absent.
    public var userVerification: Requirement?
    /// What kind of authenticator to offer first.
    public var hints: [String]?
    /// Client extension inputs.
    public var extensions: [String: JSONValue]?

    /// Puts the parts together.
    public init(
        challenge: [UInt8], timeout: Double? = nil, rpId: String? = nil,
        allowCredentials: [PublicKeyCredentialDescriptor]? = nil, userVerification: Requirement? = nil,
        hints: [String]? = nil, extensions: [String: JSONValue]? = nil
    ) {
        self.challenge = Base64URLString(challenge)
        self.timeout = timeout
        self.rpId = rpId
        self.allowCredentials = allowCredentials
        self.userVerification = userVerification
        self.hints = hints
        self.extensions = extensions
    }
}
