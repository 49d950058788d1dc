import Crypto
import FoundationEssentials

/// One of the two messages of a handshake (CTAP 2.3 §11.5.1.2): an ephemeral public key and the tag of an empty
/// payload.
public struct HandshakeMessage: Sendable {
    /// Bytes of either message.
    public static let byteCount = 81

    private static let publicKeyByteCount = 65

    let ephemeralKey: P256.KeyAgreement.PublicKey
    let tag: [UInt8]

    init(_ bytes: [UInt8]) throws(HandshakeError) {
        guard bytes.count == Self.byteCount else { throw .wrongLength(bytes.count) }
        // Uncompressed points only.
        guard bytes[0] == 4 else { throw .invalidPublicKey }
        do {
            ephemeralKey = try P256.KeyAgreement.PublicKey(x963Representation: bytes.prefix(Self.publicKeyByteCount))
        } catch {
            throw .invalidPublicKey
        }
        tag = Array(bytes.dropFirst(Self.publicKeyByteCount))
    }

    static func encode(_ ephemeralKey: P256.KeyAgreement.PublicKey, tag: [UInt8]) -> [UInt8] {
        Array(ephemeralKey.x963Representation) + tag
    }
}

/// Why a handshake failed; the connection is to be closed.
public enum HandshakeError: Error, Hashable, Sendable {
    /// The peer's message has so many bytes instead of 81.
    case wrongLength(Int)
    /// The peer's ephemeral key is not an uncompressed point of P-256.
    case invalidPublicKey
    /// The tag is wrong: the peer did not see this QR code or this advertisement, or holds another identity key.
    case authenticationFailed
    /// The cryptographic library refused to encrypt.
    case encryptionFailed
    /// The generator did not yield an ephemeral key.
    case keyGeneration(HybridKeyGenerationError)
}

extension HandshakeError: CustomStringConvertible {
    /// A sentence for a user.
    public var description: String {
        switch self {
        case .wrongLength(let count):
            "the handshake message has \(count) bytes instead of 81; start over with a new QR code"
        case .invalidPublicKey: "the handshake message has no valid P-256 key; start over with a new QR code"
        case .authenticationFailed:
            "the other device could not prove that it takes part in this transaction; start over with a new QR code"
        case .encryptionFailed: "the handshake message could not be encrypted; check the cryptographic library"
        case .keyGeneration(let error): error.description
        }
    }
}
