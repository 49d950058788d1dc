import Crypto
import CryptoExtras
import FoundationEssentials
import WebAuthnModel

/// A public key that is ready to verify signatures (WebAuthn Level 3 §6.5.5, signature formats).
enum VerificationKey {
    case es256(P256.Signing.PublicKey)
    case edDSA(Curve25519.Signing.PublicKey)
    case rs256(_RSA.Signing.PublicKey)

    /// Lengths in bytes of RSA moduli: 2048 bits are the least that is secure, 8192 the most worth computing with.
    private static let modulusByteCounts = 256...1024

    /// Checks that the key is of the right type, valid and not weak.
    init(_ key: COSEKey) throws(SignatureError) {
        let algorithm = key.algorithm
        switch (algorithm, key) {
        case (.es256, .ec2(_, .p256, let x, let y)):
            do {
                self = .es256(try P256.Signing.PublicKey(rawRepresentation: x + y))
            } catch {
                throw .invalidKey(algorithm)
            }
        case (.edDSA, .okp(_, .ed25519, let x)):
            guard !Self.isWeakEd25519(x) else { throw .weakKey(algorithm) }
            do {
                self = .edDSA(try Curve25519.Signing.PublicKey(rawRepresentation: x))
            } catch {
                throw .invalidKey(algorithm)
            }
        case (.rs256, .rsa(_, let modulus, let exponent)):
            self = .rs256(try Self.rsa(modulus: modulus, exponent: exponent))
        case (.es256, _), (.edDSA, _), (.rs256, _):
            throw .keyType(algorithm)
        default:
            throw .algorithm(algorithm)
        }
    }

    /// Throws unless the signature is one of this key over the data.
    func verify(_ signature: [UInt8], over data: [UInt8]) throws(SignatureError) {
        let isValid: Bool
        switch self {
        case .es256(let key):
            isValid = key.isValidSignature(try Self.ecdsaSignature(signature), for: data)
        case .edDSA(let key):
            guard signature.count == 64 else { throw .malformedSignature(.edDSA) }
            isValid = key.isValidSignature(signature, for: data)
        case .rs256(let key):
            isValid = key.isValidSignature(
                _RSA.Signing.RSASignature(rawRepresentation: signature), for: SHA256.hash(data: data),
                padding: .insecurePKCS1v1_5)
        }
        guard isValid else { throw .invalidSignature }
    }

    /// Reads the DER of an ECDSA signature; a signature has one encoding, so it must come out as it went in.
    private static func ecdsaSignature(_ der: [UInt8]) throws(SignatureError) -> P256.Signing.ECDSASignature {
        let signature: P256.Signing.ECDSASignature
        do {
            signature = try P256.Signing.ECDSASignature(derRepresentation: der)
        } catch {
            throw .malformedSignature(.es256)
        }
        guard Array(signature.derRepresentation) == der else { throw .malformedSignature(.es256) }
        return signature
    }

    private static func rsa(modulus: [UInt8], exponent: [UInt8]) throws(SignatureError) -> _RSA.Signing.PublicKey {
        let modulus = Array(modulus.drop { $0 == 0 })
        let exponent = Array(exponent.drop { $0 == 0 })
        guard modulus.count >= modulusByteCounts.lowerBound, (modulus.first ?? 0) >= 0x80 || modulus.count > 256
        else { throw .weakKey(.rs256) }
        guard modulus.count <= modulusByteCounts.upperBound, 1...4 ~= exponent.count else { throw .invalidKey(.rs256) }
        // An even modulus or exponent is no RSA key; the exponents 1 and 3 are ones that break.
        guard (modulus.last ?? 0) & 1 == 1, (exponent.last ?? 0) & 1 == 1 else { throw .invalidKey(.rs256) }
        guard exponent != [1], exponent != [3] else { throw .weakKey(.rs256) }
        do {
            return try _RSA.Signing.PublicKey(n: modulus, e: exponent)
        } catch {
            throw .invalidKey(.rs256)
        }
    }

    /// Whether these 32 bytes are a y coordinate that is not reduced, or one of a point of small order: with such a
    /// key, signatures can be made up.
    private static func isWeakEd25519(_ key: [UInt8]) -> Bool {
        guard let first = key.first, let last = key.last, key.count == 32 else { return false }
        let middle = key.dropFirst().dropLast()
        // y is 2²⁵⁵ - 20 or more: p - 1, the point of order 2, and everything from p on.
        if middle.allSatisfy({ $0 == 0xFF }), last & 0x7F == 0x7F, first >= 0xEC { return true }
        // y is 0 (order 4) or 1 (the neutral element).
        if middle.allSatisfy({ $0 == 0 }), last & 0x7F == 0, first <= 1 { return true }
        // The two y coordinates of the points of order 8.
        return smallOrderY.contains(key.dropLast() + [last & 0x7F])
    }

    private static let smallOrderY: [[UInt8]] = [
        [
            0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF, 0x98, 0xF0,
            0xD5, 0xDF, 0xAC, 0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53, 0xFC, 0x05,
        ],
        [
            0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10, 0x67, 0x0F,
            0x2A, 0x20, 0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC, 0x03, 0x7A,
        ],
    ]
}
