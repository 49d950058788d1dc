import WebAuthnModel

/// TPMT_PUBLIC, the public area of a key (TPM 2.0 Part 2 §12.2.4), of the two kinds that sign.
///
///     type 2, nameAlg 2, objectAttributes 4, authPolicy 2+n, parameters, unique
///     RSA: symmetric, scheme, keyBits 2, exponent 4; modulus 2+n
///     ECC: symmetric, scheme, curveID 2, kdf; x 2+n, y 2+n
struct TPMPublicArea {
    /// The key.
    enum Key {
        case rsa(modulus: [UInt8], exponent: UInt32)
        case ecc(curve: COSECurve, x: [UInt8], y: [UInt8])
    }

    let nameAlgorithm: TPMHash
    let key: Key

    /// TPM_ALG_NULL: no algorithm, and no details of one.
    private static let null: UInt16 = 0x0010

    /// Reads the whole of the bytes; `nil` unless they are such a structure.
    init?(_ bytes: [UInt8]) {
        var reader = TPMReader(bytes)
        guard let type = reader.uint16(), let nameAlgorithm = reader.uint16().flatMap(TPMHash.init),
            reader.uint32() != nil, reader.buffer() != nil, Self.skipSymmetric(&reader), Self.skipScheme(&reader)
        else { return nil }
        self.nameAlgorithm = nameAlgorithm
        switch type {
        case 0x0001:
            guard reader.uint16() != nil, let exponent = reader.uint32(), let modulus = reader.buffer() else {
                return nil
            }
            // Zero stands for 2¹⁶ + 1.
            key = .rsa(modulus: modulus, exponent: exponent == 0 ? 65_537 : exponent)
        case 0x0023:
            guard let curve = reader.uint16().flatMap(Self.curve), Self.skipScheme(&reader), let x = reader.buffer(),
                let y = reader.buffer()
            else { return nil }
            key = .ecc(curve: curve, x: x, y: y)
        default:
            return nil
        }
        guard reader.isAtEnd else { return nil }
    }

    /// Whether the credential's key is this one.
    func isFor(_ key: COSEKey) -> Bool {
        switch (self.key, key) {
        case (.rsa(let modulus, let exponent), .rsa(_, let otherModulus, let otherExponent)):
            let otherNumber = otherExponent.drop { $0 == 0 }
            guard otherNumber.count <= 4 else { return false }
            return modulus.drop { $0 == 0 } == otherModulus.drop { $0 == 0 }
                && otherNumber.reduce(0) { $0 << 8 | UInt32($1) } == exponent
        case (.ecc(let curve, let x, let y), .ec2(_, let otherCurve, let otherX, let otherY)):
            return curve == otherCurve && x.drop { $0 == 0 } == otherX.drop { $0 == 0 }
                && y.drop { $0 == 0 } == otherY.drop { $0 == 0 }
        default:
            return false
        }
    }

    private static func curve(_ number: UInt16) -> COSECurve? {
        switch number {
        case 0x0003: .p256
        case 0x0004: .p384
        case 0x0005: .p521
        default: nil
        }
    }

    /// TPMT_SYM_DEF_OBJECT: an algorithm, key length and mode.
    private static func skipSymmetric(_ reader: inout TPMReader) -> Bool {
        guard let algorithm = reader.uint16() else { return false }
        return algorithm == null || (reader.uint16() != nil && reader.uint16() != nil)
    }

    /// A signature or key derivation scheme: an algorithm, in general with a hash.
    private static func skipScheme(_ reader: inout TPMReader) -> Bool {
        switch reader.uint16() {
        case nil: false
        // None; RSAES has no details.
        case null, 0x0015: true
        // ECDAA has a counter besides the hash.
        case 0x001A: reader.uint16() != nil && reader.uint16() != nil
        default: reader.uint16() != nil
        }
    }
}
