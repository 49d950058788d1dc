/// The kind of a credential; `public-key` is the only one defined (WebAuthn Level 3 §5.8.2).
public let publicKeyCredentialType = "public-key"

/// How a client may reach an authenticator (WebAuthn Level 3 §5.8.4); any string can be carried.
public struct AuthenticatorTransport: RawRepresentable, Hashable, Sendable, Codable {
    /// The registered name.
    public let rawValue: String

    /// Any name.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// USB.
    public static let usb = AuthenticatorTransport(rawValue: "usb")
    /// NFC.
    public static let nfc = AuthenticatorTransport(rawValue: "nfc")
    /// Bluetooth Low Energy.
    public static let ble = AuthenticatorTransport(rawValue: "ble")
    /// A phone by QR code and Bluetooth.
    public static let hybrid = AuthenticatorTransport(rawValue: "hybrid")
    /// Built into the client device.
    public static let `internal` = AuthenticatorTransport(rawValue: "internal")

    /// Decodes a string.
    public init(from decoder: any Decoder) throws {
        rawValue = try decoder.singleValueContainer().decode(String.self)
    }

    /// Encodes the string alone.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

/// The relying party (WebAuthn Level 3 §5.4.2).
public struct PublicKeyCredentialRelyingPartyEntity: Hashable, Sendable, Codable {
    /// The RP ID, a domain; in options absent when the origin's domain is meant.
    public var id: String?
    /// A name for people.
    public var name: String?

    /// Puts the parts together.
    public init(id: String?, name: String?) {
        self.id = id
        self.name = name
    }
}

/// The user account (WebAuthn Level 3 §5.4.3).
public struct PublicKeyCredentialUserEntity: Hashable, Sendable, Codable {
    /// The user handle, at most 64 bytes.
    public var id: Base64URLString
    /// A name that tells accounts apart.
    public var name: String?
    /// A name for people.
    public var displayName: String?

    /// Puts the parts together.
    public init(id: [UInt8], name: String? = nil, displayName: String? = nil) {
        self.id = Base64URLString(id)
        self.name = name
        self.displayName = displayName
    }
}

/// An algorithm that the relying party accepts (WebAuthn Level 3 §5.3).
public struct PublicKeyCredentialParameters: Hashable, Sendable, Codable {
    /// The credential type.
    public var type: String
    /// The signature algorithm.
    public var alg: COSEAlgorithm

    /// A `public-key` entry.
    public init(_ algorithm: COSEAlgorithm) {
        type = publicKeyCredentialType
        alg = algorithm
    }
}

/// Names one credential (WebAuthn Level 3 §5.8.3).
public struct PublicKeyCredentialDescriptor: Hashable, Sendable, Codable {
    /// The credential type.
    public var type: String
    /// The credential ID.
    public var id: Base64URLString
    /// Hints how the client might reach its authenticator.
    public var transports: [AuthenticatorTransport]?

    /// A `public-key` descriptor.
    public init(id: [UInt8], transports: [AuthenticatorTransport]? = nil) {
        type = publicKeyCredentialType
        self.id = Base64URLString(id)
        self.transports = transports
    }
}
