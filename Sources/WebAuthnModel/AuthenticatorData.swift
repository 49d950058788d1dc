public import CBOR

/// What an authenticator signs about itself and the ceremony (WebAuthn Level 3 §6.1).
///
///     rpIdHash[32] ‖ flags[1] ‖ signCount[4, big-endian] ‖ attestedCredentialData? ‖ extensions?
public struct AuthenticatorData: Hashable, Sendable {
    /// The flags byte; bits 0x02 and 0x20 are reserved, and a reader keeps them without heeding them.
    public struct Flags: OptionSet, Hashable, Sendable {
        /// The byte.
        public let rawValue: UInt8

        /// Any byte.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// UP: the user was present.
        public static let userPresent = Flags(rawValue: 0x01)
        /// UV: the user was verified.
        public static let userVerified = Flags(rawValue: 0x04)
        /// BE: the credential may be backed up.
        public static let backupEligible = Flags(rawValue: 0x08)
        /// BS: the credential is backed up.
        public static let backedUp = Flags(rawValue: 0x10)
        /// AT: attested credential data follows.
        public static let attestedCredentialData = Flags(rawValue: 0x40)
        /// ED: extension outputs follow.
        public static let extensionData = Flags(rawValue: 0x80)
    }

    /// SHA-256 of the RP ID, 32 bytes.
    public var relyingPartyIDHash: [UInt8]
    /// The flags; AT and ED follow from the two optional members.
    public var flags: Flags {
        didSet { normalise() }
    }
    /// The signature counter; zero when the authenticator keeps none.
    public var signatureCounter: UInt32
    /// The new credential, at registration.
    public var attestedCredentialData: AttestedCredentialData? {
        didSet { normalise() }
    }
    /// Extension outputs, if any were asked for.
    public var extensions: CBORMap? {
        didSet { normalise() }
    }

    /// Puts the parts together.
    public init(
        relyingPartyIDHash: [UInt8], flags: Flags, signatureCounter: UInt32,
        attestedCredentialData: AttestedCredentialData? = nil, extensions: CBORMap? = nil
    ) {
        self.relyingPartyIDHash = relyingPartyIDHash
        self.flags = flags
        self.signatureCounter = signatureCounter
        self.attestedCredentialData = attestedCredentialData
        self.extensions = extensions
        normalise()
    }

    private mutating func normalise() {
        var correct = flags.subtracting([.attestedCredentialData, .extensionData])
        if attestedCredentialData != nil { correct.insert(.attestedCredentialData) }
        if extensions != nil { correct.insert(.extensionData) }
        if correct != flags { flags = correct }
    }
}

/// The credential inside authenticator data (WebAuthn Level 3 §6.5.2).
///
///     aaguid[16] ‖ credentialIdLength[2, big-endian] ‖ credentialId ‖ credentialPublicKey (COSE_Key)
public struct AttestedCredentialData: Hashable, Sendable {
    /// The authenticator's model.
    public var aaguid: AAGUID
    /// The credential ID, at most 1023 bytes.
    public var credentialID: [UInt8]
    /// The credential public key.
    public var publicKey: COSEKey

    /// Puts the parts together.
    public init(aaguid: AAGUID, credentialID: [UInt8], publicKey: COSEKey) {
        self.aaguid = aaguid
        self.credentialID = credentialID
        self.publicKey = publicKey
    }
}

/// Why bytes were refused as authenticator data.
public enum AuthenticatorDataError: Error, Hashable, Sendable {
    /// Fewer bytes than the structure needs.
    case truncated
    /// A credential ID longer than 1023 bytes.
    case credentialIDTooLong
    /// The credential public key is not canonical CBOR.
    case publicKeyEncoding(CBORError)
    /// The credential public key is not a key.
    case publicKey(COSEKeyError)
    /// The extension outputs are not a canonical CBOR map.
    case extensions
    /// Bytes follow what the flags announce.
    case trailingBytes
}

extension AuthenticatorDataError: CustomStringConvertible {
    /// A sentence for a developer.
    public var description: String {
        switch self {
        case .truncated: "the authenticator data is shorter than its flags announce"
        case .credentialIDTooLong: "the credential ID is longer than 1023 bytes"
        case .publicKeyEncoding(let error): "the credential public key cannot be decoded: \(error)"
        case .publicKey(let error): "the credential public key is not acceptable: \(error)"
        case .extensions: "the extension outputs are not a canonical CBOR map"
        case .trailingBytes: "the authenticator data is longer than its flags announce"
        }
    }
}
