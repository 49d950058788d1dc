import WebAuthnModel

extension COSEKey {
    /// The key as DER SubjectPublicKeyInfo, as `getPublicKey()` yields it (WebAuthn Level 3 §5.2.1.1).
    ///
    ///     SubjectPublicKeyInfo ::= SEQUENCE { algorithm AlgorithmIdentifier, subjectPublicKey BIT STRING }
    ///
    /// `nil` for keys other than those of ES256, EdDSA and RS256, which are the ones a client must know.
    var subjectPublicKeyInfo: [UInt8]? {
        switch self {
        case .ec2(.es256, .p256, let x, let y):
            // id-ecPublicKey 1.2.840.10045.2.1 with prime256v1 1.2.840.10045.3.1.7 (RFC 5480 §2.1).
            Self.keyInfo(
                algorithm: [
                    0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01,
                    0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07,
                ], key: [0x04] + x + y)
        case .okp(.edDSA, .ed25519, let x):
            // id-Ed25519 1.3.101.112 (RFC 8410 §4).
            Self.keyInfo(algorithm: [0x06, 0x03, 0x2B, 0x65, 0x70], key: x)
        case .rsa(.rs256, let modulus, let exponent):
            // rsaEncryption 1.2.840.113549.1.1.1 with NULL (RFC 3279 §2.3.1).
            Self.keyInfo(
                algorithm: [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00],
                key: Self.der(0x30, Self.integer(modulus) + Self.integer(exponent)))
        default:
            nil
        }
    }

    private static func keyInfo(algorithm: [UInt8], key: [UInt8]) -> [UInt8] {
        der(0x30, der(0x30, algorithm) + der(0x03, [0] + key))
    }

    /// A non-negative INTEGER in its shortest form.
    private static func integer(_ bigEndian: [UInt8]) -> [UInt8] {
        let digits = Array(bigEndian.drop { $0 == 0 })
        let needsSign = digits.first.map { $0 >= 0x80 } ?? true
        return der(0x02, needsSign ? [0] + digits : digits)
    }

    private static func der(_ tag: UInt8, _ contents: [UInt8]) -> [UInt8] {
        let count = contents.count
        if count < 0x80 { return [tag, UInt8(truncatingIfNeeded: count)] + contents }
        var length: [UInt8] = []
        var rest = count
        while rest > 0 {
            length.insert(UInt8(truncatingIfNeeded: rest), at: 0)
            rest >>= 8
        }
        return [tag, 0x80 | UInt8(truncatingIfNeeded: length.count)] + length + contents
    }
}
