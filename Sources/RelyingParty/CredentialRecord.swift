public import WebAuthnModel

/// What a relying party keeps about a credential (WebAuthn Level 3 §4, credential record), and whose it is.
public struct CredentialRecord: Hashable, Sendable, Codable {
    /// The credential type.
    public var type: String
    /// The credential ID; unique among all users.
    public var id: Base64URLString
    /// The user handle of the account that the credential belongs to.
    public var userHandle: Base64URLString
    /// The credential public key, a COSE_Key.
    public var publicKey: Base64URLString
    /// The signature counter of the latest ceremony.
    public var signatureCounter: UInt32
    /// How the authenticator could be reached at registration.
    public var transports: [AuthenticatorTransport]
    /// Whether the user was verified at registration.
    public var userVerificationInitialized: Bool
    /// BE: whether the credential may be backed up; never changes.
    public var backupEligible: Bool
    /// BS: whether the credential was backed up at the latest ceremony.
    public var backupState: Bool
    /// The authenticator's model, 16 bytes.
    public var aaguid: Base64URLString
    /// The attestation object, to look at it again later.
    public var attestationObject: Base64URLString?
    /// The client data that the attestation was made over.
    public var attestationClientDataJSON: Base64URLString?

    /// Puts the parts together.
    public init(
        type: String = publicKeyCredentialType, id: [UInt8], userHandle: [UInt8], publicKey: [UInt8],
        signatureCounter: UInt32, transports: [AuthenticatorTransport], userVerificationInitialized: Bool,
        backupEligible: Bool, backupState: Bool, aaguid: AAGUID, attestationObject: [UInt8]? = nil,
        attestationClientDataJSON: [UInt8]? = nil
    ) {
        self.type = type
        self.id = Base64URLString(id)
        self.userHandle = Base64URLString(userHandle)
        self.publicKey = Base64URLString(publicKey)
        self.signatureCounter = signatureCounter
        self.transports = transports
        self.userVerificationInitialized = userVerificationInitialized
        self.backupEligible = backupEligible
        self.backupState = backupState
        self.aaguid = Base64URLString(aaguid.bytes)
        self.attestationObject = attestationObject.map(Base64URLString.init)
        self.attestationClientDataJSON = attestationClientDataJSON.map(Base64URLString.init)
    }

    /// The descriptor that names the credential in options.
    public var descriptor: PublicKeyCredentialDescriptor {
        PublicKeyCredentialDescriptor(id: id.bytes, transports: transports.isEmpty ? nil : transports)
    }
}
