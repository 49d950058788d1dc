public import WebAuthnModel

/// A public key credential source: what the authenticator keeps of a credential (WebAuthn Level 3 §4).
///
/// A discoverable one lives in a ``CredentialStore``. Any other is wrapped into its own credential ID and has neither
/// user handle nor names.
public struct CredentialSource: Equatable, Sendable {
    /// The credential ID.
    public let id: [UInt8]
    /// The RP ID the credential is scoped to.
    public let relyingPartyID: String
    /// The user handle, at most 64 bytes; empty when the credential is not discoverable.
    public let userHandle: [UInt8]
    /// The account's name, which tells accounts apart.
    public var userName: String?
    /// The account's name for people.
    public var userDisplayName: String?
    /// The private key.
    public let privateKey: CredentialPrivateKey
    /// Whether the authenticator finds it without being given its ID.
    public let isDiscoverable: Bool
    /// What its extensions asked for when it was made.
    public var properties: CredentialProperties

    /// Puts the parts together.
    public init(
        id: [UInt8], relyingPartyID: String, userHandle: [UInt8], userName: String? = nil,
        userDisplayName: String? = nil, privateKey: CredentialPrivateKey, isDiscoverable: Bool,
        properties: CredentialProperties = CredentialProperties()
    ) {
        self.id = id
        self.relyingPartyID = relyingPartyID
        self.userHandle = userHandle
        self.userName = userName
        self.userDisplayName = userDisplayName
        self.privateKey = privateKey
        self.isDiscoverable = isDiscoverable
        self.properties = properties
    }

    /// The algorithm the credential signs with.
    public var algorithm: COSEAlgorithm { privateKey.algorithm }

    /// Whether this is the RP ID the credential is scoped to, byte for byte.
    ///
    /// `==` of strings takes canonically equivalent Unicode texts as the same, whose hashes nevertheless differ.
    public func isScoped(to relyingPartyID: String) -> Bool {
        self.relyingPartyID.utf8.elementsEqual(relyingPartyID.utf8)
    }
}

extension CredentialSource: CustomStringConvertible {
    /// The credential ID and its relying party; nothing about the user or the key.
    public var description: String { "credential \(Base64URL.encode(id)) for \(relyingPartyID)" }
}
