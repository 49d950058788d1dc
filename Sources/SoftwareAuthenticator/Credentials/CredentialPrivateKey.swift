import Crypto
import FoundationEssentials
public import WebAuthnModel

/// The private key of a credential: ES256 on P-256 or EdDSA on Ed25519.
public struct CredentialPrivateKey: Equatable, Sendable {
    /// The algorithms that keys can be made for, most wanted first.
    public static let supportedAlgorithms: [COSEAlgorithm] = [.es256, .edDSA]

    /// The length of the raw representation of either kind of key.
    public static let byteCount = 32

    /// The algorithm the key signs with.
    public let algorithm: COSEAlgorithm
    /// The scalar (P-256, big-endian) or the seed (Ed25519), 32 bytes.
    public let rawRepresentation: SecretBytes
    /// The public key.
    public let publicKey: COSEKey

    /// Loads a key.
    ///
    /// - Throws: ``CredentialPrivateKeyError`` when the bytes are not a key of that algorithm.
    public init(algorithm: COSEAlgorithm, rawRepresentation: SecretBytes) throws(CredentialPrivateKeyError) {
        self.algorithm = algorithm
        self.rawRepresentation = rawRepresentation
        switch algorithm {
        case .es256:
            let point = Array(try CredentialPrivateKey.p256(rawRepresentation).publicKey.rawRepresentation)
            publicKey = .ec2(
                algorithm: .es256, curve: .p256, x: Array(point.prefix(32)), y: Array(point.dropFirst(32)))
        case .edDSA:
            let point = try CredentialPrivateKey.ed25519(rawRepresentation).publicKey.rawRepresentation
            publicKey = .okp(algorithm: .edDSA, curve: .ed25519, x: Array(point))
        default:
            throw .unsupportedAlgorithm(algorithm)
        }
    }

    /// Draws a new key.
    ///
    /// A uniformly random scalar is loaded instead of letting the library generate a key pair: the randomness stays
    /// the caller's. A scalar of zero or not below the group's order has a chance of about 2⁻³²; a few attempts are
    /// therefore enough, and a generator that is broken is noticed.
    public init(
        generating algorithm: COSEAlgorithm, using generator: inout some RandomNumberGenerator
    ) throws(CredentialPrivateKeyError) {
        guard CredentialPrivateKey.supportedAlgorithms.contains(algorithm) else {
            throw .unsupportedAlgorithm(algorithm)
        }
        for _ in 0..<8 {
            let candidate = SecretBytes(randomBytes(CredentialPrivateKey.byteCount, using: &generator))
            do throws(CredentialPrivateKeyError) {
                self = try CredentialPrivateKey(algorithm: algorithm, rawRepresentation: candidate)
                return
            } catch {
                continue
            }
        }
        throw .noKeyDrawn
    }

    /// Signs a message: DER for ES256, 64 raw bytes for EdDSA (WebAuthn Level 3 §6.5.5).
    public func signature(for message: [UInt8]) throws(CredentialPrivateKeyError) -> [UInt8] {
        do {
            return switch algorithm {
            case .es256:
                Array(try CredentialPrivateKey.p256(rawRepresentation).signature(for: message).derRepresentation)
            default:
                Array(try CredentialPrivateKey.ed25519(rawRepresentation).signature(for: message))
            }
        } catch let error as CredentialPrivateKeyError {
            throw error
        } catch {
            throw .signing(String(describing: error))
        }
    }

    private static func p256(
        _ secret: SecretBytes
    ) throws(CredentialPrivateKeyError) -> P256.Signing.PrivateKey {
        do {
            return try P256.Signing.PrivateKey(rawRepresentation: secret.exposeSecret())
        } catch {
            throw .notAKey(.es256)
        }
    }

    private static func ed25519(
        _ secret: SecretBytes
    ) throws(CredentialPrivateKeyError) -> Curve25519.Signing.PrivateKey {
        do {
            return try Curve25519.Signing.PrivateKey(rawRepresentation: secret.exposeSecret())
        } catch {
            throw .notAKey(.edDSA)
        }
    }
}

extension CredentialPrivateKey: CustomStringConvertible {
    /// The algorithm only.
    public var description: String { "\(algorithm) private key" }
}

/// Why there is no key, or no signature by it.
public enum CredentialPrivateKeyError: Error, Hashable, Sendable {
    /// No key can be made for the algorithm.
    case unsupportedAlgorithm(COSEAlgorithm)
    /// The bytes are not a private key of the algorithm.
    case notAKey(COSEAlgorithm)
    /// The generator yielded no usable scalar in several attempts.
    case noKeyDrawn
    /// The cryptographic library failed to sign.
    case signing(String)
}

extension CredentialPrivateKeyError: CustomStringConvertible {
    /// A sentence for a developer.
    public var description: String {
        switch self {
        case .unsupportedAlgorithm(let algorithm): "no key can be made for \(algorithm); use ES256 or EdDSA"
        case .notAKey(let algorithm): "the bytes are not a private key for \(algorithm); restore them from a backup"
        case .noKeyDrawn: "the random number generator yields no usable key; check that it is not stuck"
        case .signing(let reason): "the signature could not be made: \(reason)"
        }
    }
}
