public import CBOR
public import Crypto
import FoundationEssentials

/// What lets a client platform start further transactions without a QR code (CTAP 2.3 §11.5.2).
///
///     1: bstr            contact identifier, for the tunnel service
///     2: bstr .size 8    link identifier, for the authenticator
///     3: bstr .size 32   link secret
///     4: bstr .size 65   the authenticator's identity public key, uncompressed
///     5: tstr            name of the authenticator
///     6: bstr .size 32   signature
///
/// The signature is an HMAC with SHA-256 over the handshake hash, keyed with the x-coordinate of the agreement between
/// the two identity keys.
public struct LinkingInformation: Hashable, Sendable {
    /// Bytes of a link identifier.
    public static let linkIDByteCount = 8
    /// Bytes of a link secret.
    public static let linkSecretByteCount = 32

    /// The identifier by which the tunnel service reaches the authenticator.
    public let contactID: [UInt8]
    /// The identifier by which the authenticator finds the link secret, 8 bytes.
    public let linkID: [UInt8]
    /// The link secret, 32 bytes.
    public let linkSecret: [UInt8]
    /// The authenticator's identity public key, an uncompressed point of P-256, 65 bytes.
    public let authenticatorIdentity: [UInt8]
    /// The name to show to the user.
    public let name: String
    /// The signature, 32 bytes.
    public let signature: [UInt8]

    /// Signs linking information; an authenticator does so after a QR-initiated handshake.
    ///
    /// - Parameters:
    ///   - contactID: not empty.
    ///   - linkID: 8 bytes.
    ///   - linkSecret: 32 bytes.
    ///   - name: what the client platform shows to the user.
    ///   - identityKey: the authenticator's identity key.
    ///   - clientIdentity: the client platform's identity key, from the QR code.
    ///   - handshakeHash: from the handshake.
    /// - Throws: an error that names the part of wrong length.
    public init(
        contactID: [UInt8], linkID: [UInt8], linkSecret: [UInt8], name: String,
        identityKey: P256.KeyAgreement.PrivateKey, clientIdentity: P256.KeyAgreement.PublicKey, handshakeHash: [UInt8]
    ) throws(LinkingInformationError) {
        guard !contactID.isEmpty else { throw .contactID }
        guard linkID.count == Self.linkIDByteCount else { throw .linkID }
        guard linkSecret.count == Self.linkSecretByteCount else { throw .linkSecret }
        self.contactID = contactID
        self.linkID = linkID
        self.linkSecret = linkSecret
        self.name = name
        authenticatorIdentity = Array(identityKey.publicKey.x963Representation)
        let key = try Self.signingKey(identityKey, clientIdentity)
        signature = Array(HMAC<SHA256>.authenticationCode(for: handshakeHash, using: key))
    }

    /// Reads linking information; unknown keys are ignored.
    ///
    /// The signature is not verified; see ``isSigned(for:handshakeHash:)``.
    ///
    /// - Throws: an error that names the member missing or malformed.
    public init(_ map: CBORMap) throws(LinkingInformationError) {
        guard let contactID = map[1]?.bytes, !contactID.isEmpty else { throw .contactID }
        guard let linkID = map[2]?.bytes, linkID.count == Self.linkIDByteCount else { throw .linkID }
        guard let secret = map[3]?.bytes, secret.count == Self.linkSecretByteCount else { throw .linkSecret }
        guard let identity = map[4]?.bytes else { throw .authenticatorIdentity }
        guard let name = map[5]?.text else { throw .name }
        guard let signature = map[6]?.bytes, signature.count == SHA256.byteCount else { throw .signature }
        self.contactID = contactID
        self.linkID = linkID
        linkSecret = secret
        authenticatorIdentity = identity
        self.name = name
        self.signature = signature
        _ = try authenticatorIdentityKey()
    }

    /// The information as a CBOR map.
    public func encoded() -> CBORMap {
        var map = CBORMap()
        map[1] = .bytes(contactID)
        map[2] = .bytes(linkID)
        map[3] = .bytes(linkSecret)
        map[4] = .bytes(authenticatorIdentity)
        map[5] = .text(name)
        map[6] = .bytes(signature)
        return map
    }

    /// Whether the authenticator signed this for the client platform's QR code and in this handshake.
    ///
    /// Information that is not must be dropped, and must not replace a link that exists.
    public func isSigned(for identityKey: P256.KeyAgreement.PrivateKey, handshakeHash: [UInt8]) -> Bool {
        do {
            let key = try Self.signingKey(identityKey, try authenticatorIdentityKey())
            return HMAC<SHA256>.isValidAuthenticationCode(signature, authenticating: handshakeHash, using: key)
        } catch {
            return false
        }
    }

    /// The authenticator's identity key, for the handshake of a state-assisted transaction.
    public func authenticatorIdentityKey() throws(LinkingInformationError) -> P256.KeyAgreement.PublicKey {
        guard authenticatorIdentity.count == 65, authenticatorIdentity.first == 4 else { throw .authenticatorIdentity }
        do {
            return try P256.KeyAgreement.PublicKey(x963Representation: authenticatorIdentity)
        } catch {
            throw .authenticatorIdentity
        }
    }

    private static func signingKey(
        _ privateKey: P256.KeyAgreement.PrivateKey, _ publicKey: P256.KeyAgreement.PublicKey
    ) throws(LinkingInformationError) -> SymmetricKey {
        do {
            return SymmetricKey(data: try privateKey.sharedSecretFromKeyAgreement(with: publicKey))
        } catch {
            throw .authenticatorIdentity
        }
    }
}

extension LinkingInformation: CustomStringConvertible {
    /// The name; the rest is secret.
    public var description: String { "linking information of \(name) (secrets withheld)" }
}

/// Why linking information was refused.
public enum LinkingInformationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It is not a CBOR map.
    case notAMap
    /// Key 1 is not a byte string, or empty.
    case contactID
    /// Key 2 is not a byte string of 8 bytes.
    case linkID
    /// Key 3 is not a byte string of 32 bytes.
    case linkSecret
    /// Key 4 is not an uncompressed point of P-256.
    case authenticatorIdentity
    /// Key 5 is not text.
    case name
    /// Key 6 is not a byte string of 32 bytes.
    case signature

    /// A sentence for a developer.
    public var description: String {
        let part =
            switch self {
            case .notAMap: "map"
            case .contactID: "contact identifier"
            case .linkID: "link identifier"
            case .linkSecret: "link secret"
            case .authenticatorIdentity: "identity key"
            case .name: "name"
            case .signature: "signature"
            }
        return "the linking information has no valid \(part); ignore it and keep using QR codes"
    }
}
