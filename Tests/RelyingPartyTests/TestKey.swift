import Crypto
import CryptoExtras
import FoundationEssentials
import WebAuthnModel

/// A private key of each supported algorithm.
enum TestKey: Sendable {
    case es256(P256.Signing.PrivateKey)
    case edDSA(Curve25519.Signing.PrivateKey)
    case rs256(_RSA.Signing.PrivateKey)

    /// The keys of the two curves are fixed; the RSA key is made once per run.
    static func make(_ algorithm: COSEAlgorithm) throws -> TestKey {
        switch algorithm {
        case .edDSA: .edDSA(try Curve25519.Signing.PrivateKey(rawRepresentation: [UInt8](repeating: 7, count: 32)))
        case .rs256: .rs256(try _RSA.Signing.PrivateKey(keySize: .bits2048))
        default: .es256(try P256.Signing.PrivateKey(rawRepresentation: [UInt8](repeating: 7, count: 32)))
        }
    }

    func coseKey() throws -> COSEKey {
        switch self {
        case .es256(let key):
            let point = Array(key.publicKey.rawRepresentation)
            return .ec2(algorithm: .es256, curve: .p256, x: Array(point.prefix(32)), y: Array(point.suffix(32)))
        case .edDSA(let key):
            return .okp(algorithm: .edDSA, curve: .ed25519, x: Array(key.publicKey.rawRepresentation))
        case .rs256(let key):
            let numbers = try key.publicKey.getKeyPrimitives()
            return .rsa(
                algorithm: .rs256, modulus: Array(numbers.modulus), exponent: Array(numbers.publicExponent))
        }
    }

    func sign(_ data: [UInt8]) throws -> [UInt8] {
        switch self {
        case .es256(let key): Array(try key.signature(for: data).derRepresentation)
        case .edDSA(let key): Array(try key.signature(for: data))
        case .rs256(let key):
            Array(try key.signature(for: SHA256.hash(data: data), padding: .insecurePKCS1v1_5).rawRepresentation)
        }
    }
}
