import Crypto
import CryptoExtras
import FoundationEssentials
import WebAuthnModel

/// A public key that is ready to verify signatures (WebAuthn Level 3 §6.5.5, signature formats).
struct VerificationKey {
    private enum Key {
        case p256(P256.Signing.PublicKey)
        case p384(P384.Signing.PublicKey)
        case p521(P521.Signing.PublicKey)
        case ed25519(Curve25519.Signing.PublicKey)
        case rsa(_RSA.Signing.PublicKey)
        case mlDSA65(MLDSA65.PublicKey)
        case mlDSA87(MLDSA87.PublicKey)
        case supplementary(any SignatureVerifier, COSEKey)
    }

    private let algorithm: COSEAlgorithm
    private let key: Key

    /// The algorithms that keys of credentials may have, most wanted first.
    static let algorithms: [COSEAlgorithm] = [
        .es256, .edDSA, .es384, .es512, .mlDSA65, .mlDSA87, .ps256, .rs256, .esp256, .ed25519, .esp384, .esp512,
    ]

    /// Checks that the key is of the right type, valid and not weak.
    ///
    /// - Parameters:
    ///   - verifiers: who verifies for further algorithms.
    ///   - allowsSHA1: whether the key may be one for RS1, as only the attestation keys of TPMs are.
    init(
        _ key: COSEKey, verifiers: SignatureVerifiers = .none, allowsSHA1: Bool = false
    ) throws(SignatureError) {
        let algorithm = key.algorithm
        self.algorithm = algorithm
        if !Self.algorithms.contains(algorithm), let verifier = verifiers[algorithm] {
            try verifier.check(key)
            self.key = .supplementary(verifier, key)
            return
        }
        guard Self.algorithms.contains(algorithm) || (allowsSHA1 && algorithm == .rs1) else {
            throw .algorithm(algorithm)
        }
        do {
            switch (algorithm, key) {
            case (.es256, .ec2(_, .p256, let x, let y)), (.esp256, .ec2(_, .p256, let x, let y)):
                self.key = .p256(try P256.Signing.PublicKey(rawRepresentation: x + y))
            case (.es384, .ec2(_, .p384, let x, let y)), (.esp384, .ec2(_, .p384, let x, let y)):
                self.key = .p384(try P384.Signing.PublicKey(rawRepresentation: x + y))
            case (.es512, .ec2(_, .p521, let x, let y)), (.esp512, .ec2(_, .p521, let x, let y)):
                self.key = .p521(try P521.Signing.PublicKey(rawRepresentation: x + y))
            case (.edDSA, .okp(_, .ed25519, let x)), (.ed25519, .okp(_, .ed25519, let x)):
                guard !Ed25519Weakness.isWeak(x) else { throw SignatureError.weakKey(algorithm) }
                self.key = .ed25519(try Curve25519.Signing.PublicKey(rawRepresentation: x))
            case (.rs256, .rsa(_, let modulus, let exponent)), (.ps256, .rsa(_, let modulus, let exponent)),
                (.rs1, .rsa(_, let modulus, let exponent)):
                let numbers = try RSANumbers(modulus: modulus, exponent: exponent, algorithm: algorithm)
                self.key = .rsa(try _RSA.Signing.PublicKey(n: numbers.modulus, e: numbers.exponent))
            case (.mlDSA65, .akp(_, let bytes)):
                self.key = .mlDSA65(try MLDSA65.PublicKey(rawRepresentation: bytes))
            case (.mlDSA87, .akp(_, let bytes)):
                self.key = .mlDSA87(try MLDSA87.PublicKey(rawRepresentation: bytes))
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
        switch self.key {
        case .p256(let key):
            let parsed = try? P256.Signing.ECDSASignature(derRepresentation: signature)  // no signature: refused below
            guard let parsed, Array(parsed.derRepresentation) == signature else { throw .malformedSignature(algorithm) }
            isValid = key.isValidSignature(parsed, for: data)
        case .p384(let key):
            let parsed = try? P384.Signing.ECDSASignature(derRepresentation: signature)
            guard let parsed, Array(parsed.derRepresentation) == signature else { throw .malformedSignature(algorithm) }
            isValid = key.isValidSignature(parsed, for: SHA384.hash(data: data))
        case .p521(let key):
            let parsed = try? P521.Signing.ECDSASignature(derRepresentation: signature)
            guard let parsed, Array(parsed.derRepresentation) == signature else { throw .malformedSignature(algorithm) }
            isValid = key.isValidSignature(parsed, for: SHA512.hash(data: data))
        case .ed25519(let key):
            guard signature.count == 64 else { throw .malformedSignature(algorithm) }
            isValid = key.isValidSignature(signature, for: data)
        case .rsa(let key):
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
            guard signature.count == 3309 else { throw .malformedSignature(algorithm) }
            isValid = key.isValidSignature(signature, for: data)
        case .mlDSA87(let key):
            guard signature.count == 4627 else { throw .malformedSignature(algorithm) }
            isValid = key.isValidSignature(signature, for: data)
        case .supplementary(let verifier, let key):
            return try verifier.verify(signature, over: data, with: key)
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
