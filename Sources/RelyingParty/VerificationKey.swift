import Crypto
import CryptoExtras
import FoundationEssentials
import WebAuthnModel

/// A public key that is ready to verify signatures (WebAuthn Level 3 §6.5.5, signature formats).
enum VerificationKey {
    case es256(P256.Signing.PublicKey)
    case es384(P384.Signing.PublicKey)
    case es512(P521.Signing.PublicKey)
    case edDSA(Curve25519.Signing.PublicKey)
    case rsa(_RSA.Signing.PublicKey, COSEAlgorithm)
    case mlDSA65(MLDSA65.PublicKey)
    case mlDSA87(MLDSA87.PublicKey)

    /// The algorithms that keys of credentials may have, most wanted first.
    static let algorithms: [COSEAlgorithm] = [.es256, .edDSA, .es384, .es512, .mlDSA65, .mlDSA87, .ps256, .rs256]

    /// Checks that the key is of the right type, valid and not weak.
    ///
    /// - Parameter allowsSHA1: whether the key may be one for RS1, as only the attestation keys of TPMs are.
    init(_ key: COSEKey, allowsSHA1: Bool = false) throws(SignatureError) {
        let algorithm = key.algorithm
        guard Self.algorithms.contains(algorithm) || (allowsSHA1 && algorithm == .rs1) else {
            throw .algorithm(algorithm)
        }
        do {
            switch (algorithm, key) {
            case (.es256, .ec2(_, .p256, let x, let y)):
                self = .es256(try P256.Signing.PublicKey(rawRepresentation: x + y))
            case (.es384, .ec2(_, .p384, let x, let y)):
                self = .es384(try P384.Signing.PublicKey(rawRepresentation: x + y))
            case (.es512, .ec2(_, .p521, let x, let y)):
                self = .es512(try P521.Signing.PublicKey(rawRepresentation: x + y))
            case (.edDSA, .okp(_, .ed25519, let x)):
                guard !Ed25519Weakness.isWeak(x) else { throw SignatureError.weakKey(algorithm) }
                self = .edDSA(try Curve25519.Signing.PublicKey(rawRepresentation: x))
            case (.rs256, .rsa(_, let modulus, let exponent)), (.ps256, .rsa(_, let modulus, let exponent)),
                (.rs1, .rsa(_, let modulus, let exponent)):
                let numbers = try RSANumbers(modulus: modulus, exponent: exponent, algorithm: algorithm)
                self = .rsa(
                    try _RSA.Signing.PublicKey(n: numbers.modulus, e: numbers.exponent), algorithm)
            case (.mlDSA65, .akp(_, let bytes)):
                self = .mlDSA65(try MLDSA65.PublicKey(rawRepresentation: bytes))
            case (.mlDSA87, .akp(_, let bytes)):
                self = .mlDSA87(try MLDSA87.PublicKey(rawRepresentation: bytes))
            default:
                throw SignatureError.keyType(algorithm)
            }
        } catch let error as SignatureError {
            throw error
        } catch {
            throw .invalidKey(algorithm)
        }
    }

    /// Throws unless the signature is one of this key over the data.
    func verify(_ signature: [UInt8], over data: [UInt8]) throws(SignatureError) {
        let isValid: Bool
        switch self {
        case .es256(let key):
            let parsed = try? P256.Signing.ECDSASignature(derRepresentation: signature)  // no signature: refused below
            guard let parsed, Array(parsed.derRepresentation) == signature else { throw .malformedSignature(.es256) }
            isValid = key.isValidSignature(parsed, for: data)
        case .es384(let key):
            let parsed = try? P384.Signing.ECDSASignature(derRepresentation: signature)
            guard let parsed, Array(parsed.derRepresentation) == signature else { throw .malformedSignature(.es384) }
            isValid = key.isValidSignature(parsed, for: SHA384.hash(data: data))
        case .es512(let key):
            let parsed = try? P521.Signing.ECDSASignature(derRepresentation: signature)
            guard let parsed, Array(parsed.derRepresentation) == signature else { throw .malformedSignature(.es512) }
            isValid = key.isValidSignature(parsed, for: SHA512.hash(data: data))
        case .edDSA(let key):
            guard signature.count == 64 else { throw .malformedSignature(.edDSA) }
            isValid = key.isValidSignature(signature, for: data)
        case .rsa(let key, let algorithm):
            let signature = _RSA.Signing.RSASignature(rawRepresentation: signature)
            isValid =
                switch algorithm {
                case .ps256: key.isValidSignature(signature, for: SHA256.hash(data: data), padding: .PSS)
                case .rs1:
                    key.isValidSignature(
                        signature, for: Insecure.SHA1.hash(data: data), padding: .insecurePKCS1v1_5)
                default: key.isValidSignature(signature, for: SHA256.hash(data: data), padding: .insecurePKCS1v1_5)
                }
        case .mlDSA65(let key):
            guard signature.count == 3309 else { throw .malformedSignature(.mlDSA65) }
            isValid = key.isValidSignature(signature, for: data)
        case .mlDSA87(let key):
            guard signature.count == 4627 else { throw .malformedSignature(.mlDSA87) }
            isValid = key.isValidSignature(signature, for: data)
        }
        guard isValid else { throw .invalidSignature }
    }
}

/// The numbers of an RSA key that is worth verifying with.
private struct RSANumbers {
    let modulus: [UInt8]
    let exponent: [UInt8]

    /// Lengths in bytes of RSA moduli: 2048 bits are the least that is secure, 8192 the most worth computing with.
    private static let modulusByteCounts = 256...1024

    init(modulus: [UInt8], exponent: [UInt8], algorithm: COSEAlgorithm) throws(SignatureError) {
        let modulus = Array(modulus.drop { $0 == 0 })
        let exponent = Array(exponent.drop { $0 == 0 })
        let counts = Self.modulusByteCounts
        guard modulus.count >= counts.lowerBound, (modulus.first ?? 0) >= 0x80 || modulus.count > counts.lowerBound
        else { throw .weakKey(algorithm) }
        guard modulus.count <= counts.upperBound, 1...4 ~= exponent.count else { throw .invalidKey(algorithm) }
        // An even modulus or exponent is no RSA key; the exponents 1 and 3 are ones that break.
        guard (modulus.last ?? 0) & 1 == 1, (exponent.last ?? 0) & 1 == 1 else { throw .invalidKey(algorithm) }
        guard exponent != [1], exponent != [3] else { throw .weakKey(algorithm) }
        self.modulus = modulus
        self.exponent = exponent
    }
}
