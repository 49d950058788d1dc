import Crypto
import FoundationEssentials
import WebAuthnModel

/// A private key as the cryptographic library holds it.
enum LoadedKey: Sendable {
    case p256(P256.Signing.PrivateKey)
    case p384(P384.Signing.PrivateKey)
    case p521(P521.Signing.PrivateKey)
    case ed25519(Curve25519.Signing.PrivateKey)
    case mlDSA65(MLDSA65.PrivateKey)
    case supplementary(any SupplementaryKey)

    /// Loads a scalar or a seed; what the library throws says no more than that it is none.
    init(_ algorithm: COSEAlgorithm, _ secret: SecretBytes, _ supplement: SupplementaryAlgorithms) throws {
        if CredentialPrivateKey.byteCount(algorithm) == nil, let supplementary = supplement[algorithm] {
            self = .supplementary(try supplementary.key(rawRepresentation: secret))
            return
        }
        let bytes = secret.exposeSecret()
        self =
            switch algorithm {
            case .es256: .p256(try P256.Signing.PrivateKey(rawRepresentation: bytes))
            case .es384: .p384(try P384.Signing.PrivateKey(rawRepresentation: bytes))
            case .es512: .p521(try P521.Signing.PrivateKey(rawRepresentation: bytes))
            case .mlDSA65: .mlDSA65(try MLDSA65.PrivateKey(seedRepresentation: bytes, publicKey: nil))
            default: .ed25519(try Curve25519.Signing.PrivateKey(rawRepresentation: bytes))
            }
    }

    func publicKey(_ algorithm: COSEAlgorithm) -> COSEKey {
        func ec2(_ curve: COSECurve, _ point: some Sequence<UInt8>) -> COSEKey {
            let point = Array(point)
            return .ec2(
                algorithm: algorithm, curve: curve, x: Array(point.prefix(curve.coordinateByteCount)),
                y: Array(point.dropFirst(curve.coordinateByteCount)))
        }
        return switch self {
        case .p256(let key): ec2(.p256, key.publicKey.rawRepresentation)
        case .p384(let key): ec2(.p384, key.publicKey.rawRepresentation)
        case .p521(let key): ec2(.p521, key.publicKey.rawRepresentation)
        case .ed25519(let key):
            .okp(algorithm: algorithm, curve: .ed25519, x: Array(key.publicKey.rawRepresentation))
        case .mlDSA65(let key): .akp(algorithm: algorithm, publicKey: Array(key.publicKey.rawRepresentation))
        case .supplementary(let key): key.publicKey
        }
    }

    func signature(for message: [UInt8]) throws -> [UInt8] {
        switch self {
        case .p256(let key):
            ECDSASignature.der(raw: Array(try key.signature(for: SHA256.digest(message)).rawRepresentation))
        case .p384(let key):
            ECDSASignature.der(raw: Array(try key.signature(for: SHA384.digest(message)).rawRepresentation))
        case .p521(let key):
            ECDSASignature.der(raw: Array(try key.signature(for: SHA512.digest(message)).rawRepresentation))
        case .ed25519(let key): Array(try key.signature(for: message))
        case .mlDSA65(let key): Array(try key.signature(for: message))
        case .supplementary(let key): try key.signature(for: message)
        }
    }
}

extension HashFunction {
    /// The digest of bytes that are in one piece.
    static func digest(_ bytes: [UInt8]) -> Digest {
        var hash = Self()
        unsafe bytes.withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
        return hash.finalize()
    }
}
