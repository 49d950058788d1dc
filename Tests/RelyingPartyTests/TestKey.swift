import Crypto
import CryptoExtras
import FoundationEssentials
import WebAuthnModel
import X509

/// A private key of each supported algorithm.
enum TestKey: Sendable {
    case es256(P256.Signing.PrivateKey)
    case es384(P384.Signing.PrivateKey)
    case es512(P521.Signing.PrivateKey)
    case edDSA(Curve25519.Signing.PrivateKey)
    case rsa(_RSA.Signing.PrivateKey, COSEAlgorithm)
    case mlDSA65(MLDSA65.PrivateKey)
    case mlDSA87(MLDSA87.PrivateKey)
    /// The same key under the number of RFC 9864.
    indirect case fullySpecified(TestKey, COSEAlgorithm)

    /// The one RSA key of a run; making one is slow.
    private static let rsaKey = Result { try _RSA.Signing.PrivateKey(keySize: .bits2048) }

    /// The keys are fixed, except for the RSA key, which is made once per run.
    static func make(_ algorithm: COSEAlgorithm) throws -> TestKey {
        func seed(_ count: Int) -> [UInt8] { [UInt8](repeating: 7, count: count) }
        return switch algorithm {
        case .es384: .es384(try P384.Signing.PrivateKey(rawRepresentation: seed(48)))
        case .es512: .es512(try P521.Signing.PrivateKey(rawRepresentation: [0] + seed(65)))
        case .edDSA: .edDSA(try Curve25519.Signing.PrivateKey(rawRepresentation: seed(32)))
        case .rs256, .ps256, .rs1: .rsa(try rsaKey.get(), algorithm)
        case .mlDSA65: .mlDSA65(try MLDSA65.PrivateKey(seedRepresentation: seed(32), publicKey: nil))
        case .mlDSA87: .mlDSA87(try MLDSA87.PrivateKey(seedRepresentation: seed(32), publicKey: nil))
        case .esp256: .fullySpecified(try make(.es256), algorithm)
        case .esp384: .fullySpecified(try make(.es384), algorithm)
        case .esp512: .fullySpecified(try make(.es512), algorithm)
        case .ed25519: .fullySpecified(try make(.edDSA), algorithm)
        default: .es256(try P256.Signing.PrivateKey(rawRepresentation: seed(32)))
        }
    }

    func coseKey() throws -> COSEKey {
        func point(_ bytes: Data, _ algorithm: COSEAlgorithm, _ curve: COSECurve) -> COSEKey {
            let count = curve.coordinateByteCount
            return .ec2(
                algorithm: algorithm, curve: curve, x: Array(bytes.prefix(count)), y: Array(bytes.suffix(count)))
        }
        switch self {
        case .es256(let key): return point(key.publicKey.rawRepresentation, .es256, .p256)
        case .es384(let key): return point(key.publicKey.rawRepresentation, .es384, .p384)
        case .es512(let key): return point(key.publicKey.rawRepresentation, .es512, .p521)
        case .edDSA(let key):
            return .okp(algorithm: .edDSA, curve: .ed25519, x: Array(key.publicKey.rawRepresentation))
        case .rsa(let key, let algorithm):
            let numbers = try key.publicKey.getKeyPrimitives()
            return .rsa(
                algorithm: algorithm, modulus: Array(numbers.modulus), exponent: Array(numbers.publicExponent))
        case .mlDSA65(let key):
            return .akp(algorithm: .mlDSA65, publicKey: Array(key.publicKey.rawRepresentation))
        case .mlDSA87(let key):
            return .akp(algorithm: .mlDSA87, publicKey: Array(key.publicKey.rawRepresentation))
        case .fullySpecified(let key, let algorithm):
            return switch try key.coseKey() {
            case .ec2(_, let curve, let x, let y): .ec2(algorithm: algorithm, curve: curve, x: x, y: y)
            case .okp(_, let curve, let x): .okp(algorithm: algorithm, curve: curve, x: x)
            case let other: other
            }
        }
    }

    /// The public key as certificates have it; `nil` for the algorithms that certificates here do not know.
    var certificateKey: Certificate.PublicKey? {
        switch self {
        case .es256(let key): .init(key.publicKey)
        case .es384(let key): .init(key.publicKey)
        case .es512(let key): .init(key.publicKey)
        case .edDSA(let key): .init(key.publicKey)
        case .rsa(let key, _): .init(key.publicKey)
        case .mlDSA65, .mlDSA87: nil
        case .fullySpecified(let key, _): key.certificateKey
        }
    }

    func sign(_ data: [UInt8]) throws -> [UInt8] {
        switch self {
        case .es256(let key): Array(try key.signature(for: data).derRepresentation)
        case .es384(let key): Array(try key.signature(for: SHA384.hash(data: data)).derRepresentation)
        case .es512(let key): Array(try key.signature(for: SHA512.hash(data: data)).derRepresentation)
        case .edDSA(let key): Array(try key.signature(for: data))
        case .rsa(let key, .ps256):
            Array(try key.signature(for: SHA256.hash(data: data), padding: .PSS).rawRepresentation)
        case .rsa(let key, .rs1):
            Array(try key.signature(for: Insecure.SHA1.hash(data: data), padding: .insecurePKCS1v1_5).rawRepresentation)
        case .rsa(let key, _):
            Array(try key.signature(for: SHA256.hash(data: data), padding: .insecurePKCS1v1_5).rawRepresentation)
        case .mlDSA65(let key): Array(try key.signature(for: data))
        case .mlDSA87(let key): Array(try key.signature(for: data))
        case .fullySpecified(let key, _): try key.sign(data)
        }
    }
}
