/// A COSE algorithm identifier (IANA COSE Algorithms registry); any number can be carried, a few have names.
public struct COSEAlgorithm: RawRepresentable, Hashable, Sendable, Codable {
    /// The registered number.
    public let rawValue: Int

    /// Any number.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// ECDSA with SHA-256 on P-256.
    public static let es256 = COSEAlgorithm(rawValue: -7)
    /// ECDSA with SHA-256 on P-256, fully specified (RFC 9864); the same signatures as ``es256``.
    public static let esp256 = COSEAlgorithm(rawValue: -9)
    /// ECDSA with SHA-384 on P-384, fully specified (RFC 9864); the same signatures as ``es384``.
    public static let esp384 = COSEAlgorithm(rawValue: -51)
    /// ECDSA with SHA-512 on P-521, fully specified (RFC 9864); the same signatures as ``es512``.
    public static let esp512 = COSEAlgorithm(rawValue: -52)
    /// EdDSA on Ed25519, fully specified (RFC 9864); the same signatures as ``edDSA``.
    public static let ed25519 = COSEAlgorithm(rawValue: -19)
    /// EdDSA; on Ed25519 here.
    public static let edDSA = COSEAlgorithm(rawValue: -8)
    /// ECDSA with SHA-384 on P-384.
    public static let es384 = COSEAlgorithm(rawValue: -35)
    /// ECDSA with SHA-512 on P-521.
    public static let es512 = COSEAlgorithm(rawValue: -36)
    /// ECDSA with SHA-256 on secp256k1.
    public static let es256K = COSEAlgorithm(rawValue: -47)
    /// ML-DSA-44, pure, with an empty context.
    public static let mlDSA44 = COSEAlgorithm(rawValue: -48)
    /// ML-DSA-65, pure, with an empty context.
    public static let mlDSA65 = COSEAlgorithm(rawValue: -49)
    /// ML-DSA-87, pure, with an empty context.
    public static let mlDSA87 = COSEAlgorithm(rawValue: -50)
    /// RSASSA-PSS with SHA-256 and a salt of 32 bytes.
    public static let ps256 = COSEAlgorithm(rawValue: -37)
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    public static let rs256 = COSEAlgorithm(rawValue: -257)
    /// RSASSA-PKCS1-v1_5 with SHA-1: what older TPMs attest with, and nothing else may use.
    public static let rs1 = COSEAlgorithm(rawValue: -65535)

    /// Encodes the number alone.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }

    /// Decodes a number.
    public init(from decoder: any Decoder) throws {
        rawValue = try decoder.singleValueContainer().decode(Int.self)
    }
}

extension COSEAlgorithm: CustomStringConvertible {
    /// The registered name where it is known here, else the number.
    public var description: String {
        switch self {
        case .es256: "ES256"
        case .esp256: "ESP256"
        case .esp384: "ESP384"
        case .esp512: "ESP512"
        case .ed25519: "Ed25519"
        case .edDSA: "EdDSA"
        case .es384: "ES384"
        case .es512: "ES512"
        case .es256K: "ES256K"
        case .ps256: "PS256"
        case .rs256: "RS256"
        case .rs1: "RS1"
        case .mlDSA44: "ML-DSA-44"
        case .mlDSA65: "ML-DSA-65"
        case .mlDSA87: "ML-DSA-87"
        default: "COSE algorithm \(rawValue)"
        }
    }
}
