public import CBOR

/// A credential public key in COSE form (RFC 9052 §7, RFC 9053 §7; WebAuthn Level 3 §6.5.1.1).
///
///     EC2: {1: 2, 3: alg, -1: crv, -2: x, -3: y}
///     OKP: {1: 1, 3: alg, -1: crv, -2: x}
///     RSA: {1: 3, 3: alg, -1: n, -2: e}
///     AKP: {1: 7, 3: alg, -1: public key}     (ML-DSA)
public enum COSEKey: Hashable, Sendable {
    /// An elliptic curve key with both coordinates, each as long as the curve's field.
    case ec2(algorithm: COSEAlgorithm, curve: COSECurve, x: [UInt8], y: [UInt8])
    /// An octet key pair.
    case okp(algorithm: COSEAlgorithm, curve: COSECurve, x: [UInt8])
    /// An RSA key: modulus and exponent, big-endian.
    case rsa(algorithm: COSEAlgorithm, modulus: [UInt8], exponent: [UInt8])
    /// A key whose form its algorithm alone determines.
    case akp(algorithm: COSEAlgorithm, publicKey: [UInt8])

    /// The algorithm the key is for.
    public var algorithm: COSEAlgorithm {
        switch self {
        case .ec2(let algorithm, _, _, _), .okp(let algorithm, _, _), .rsa(let algorithm, _, _),
            .akp(let algorithm, _):
            algorithm
        }
    }
}

/// An elliptic curve of the IANA COSE Elliptic Curves registry.
public enum COSECurve: Int, Hashable, Sendable, CaseIterable {
    /// NIST P-256.
    case p256 = 1
    /// NIST P-384.
    case p384 = 2
    /// NIST P-521.
    case p521 = 3
    /// Ed25519, for EdDSA.
    case ed25519 = 6
    /// secp256k1.
    case secp256k1 = 8

    /// The length of one coordinate in bytes.
    public var coordinateByteCount: Int {
        switch self {
        case .p256, .ed25519, .secp256k1: 32
        case .p384: 48
        case .p521: 66
        }
    }
}

/// Why a COSE key was refused.
public enum COSEKeyError: Error, Hashable, Sendable {
    /// The item is not a map.
    case notAMap
    /// A member is missing or has the wrong type.
    case member(Int)
    /// A key type this package does not know.
    case keyType(Int)
    /// A curve this package does not know, or one that does not fit the key type.
    case curve(Int)
    /// A coordinate whose length is not the curve's.
    case coordinateLength
    /// A member beyond those of the key type.
    case extraMember
}

extension COSEKeyError: CustomStringConvertible {
    /// A sentence for a developer.
    public var description: String {
        switch self {
        case .notAMap: "the credential public key is not a CBOR map"
        case .member(let label): "member \(label) of the COSE key is missing or has the wrong type"
        case .keyType(let type): "COSE key type \(type) is not supported"
        case .curve(let curve): "COSE curve \(curve) is not supported for this key type"
        case .coordinateLength: "a coordinate of the COSE key does not have its curve's length"
        case .extraMember: "the COSE key has members that its key type does not have"
        }
    }
}

extension COSEKey {
    /// Reads the key from its map.
    public init(_ item: CBORValue) throws(COSEKeyError) {
        guard let map = item.map else { throw .notAMap }
        let type = try COSEKey.integer(1, in: map)
        let algorithm = COSEAlgorithm(rawValue: try COSEKey.integer(3, in: map))
        switch type {
        case 1:
            let curve = try COSEKey.curve(in: map, allowed: [.ed25519])
            self = .okp(algorithm: algorithm, curve: curve, x: try COSEKey.coordinate(-2, curve, in: map))
            guard map.count == 4 else { throw .extraMember }
        case 2:
            let curve = try COSEKey.curve(in: map, allowed: [.p256, .p384, .p521, .secp256k1])
            self = .ec2(
                algorithm: algorithm, curve: curve, x: try COSEKey.coordinate(-2, curve, in: map),
                y: try COSEKey.coordinate(-3, curve, in: map))
            guard map.count == 5 else { throw .extraMember }
        case 3:
            self = .rsa(
                algorithm: algorithm, modulus: try COSEKey.bytes(-1, in: map),
                exponent: try COSEKey.bytes(-2, in: map))
            guard map.count == 4 else { throw .extraMember }
        case 7:
            self = .akp(algorithm: algorithm, publicKey: try COSEKey.bytes(-1, in: map))
            guard map.count == 3 else { throw .extraMember }
        default:
            throw .keyType(type)
        }
    }

    /// The map.
    public var cbor: CBORValue {
        switch self {
        case .ec2(let algorithm, let curve, let x, let y):
            [
                1: 2, 3: CBORValue(algorithm.rawValue), -1: CBORValue(curve.rawValue), -2: .bytes(x), -3: .bytes(y),
            ]
        case .okp(let algorithm, let curve, let x):
            [1: 1, 3: CBORValue(algorithm.rawValue), -1: CBORValue(curve.rawValue), -2: .bytes(x)]
        case .rsa(let algorithm, let modulus, let exponent):
            [1: 3, 3: CBORValue(algorithm.rawValue), -1: .bytes(modulus), -2: .bytes(exponent)]
        case .akp(let algorithm, let publicKey):
            [1: 7, 3: CBORValue(algorithm.rawValue), -1: .bytes(publicKey)]
        }
    }

    private static func integer(_ label: Int, in map: CBORMap) throws(COSEKeyError) -> Int {
        guard let value = map[CBORValue(label)]?.integer else { throw .member(label) }
        return value
    }

    private static func bytes(_ label: Int, in map: CBORMap) throws(COSEKeyError) -> [UInt8] {
        guard let value = map[CBORValue(label)]?.bytes else { throw .member(label) }
        return value
    }

    private static func curve(in map: CBORMap, allowed: [COSECurve]) throws(COSEKeyError) -> COSECurve {
        let number = try integer(-1, in: map)
        guard let curve = COSECurve(rawValue: number), allowed.contains(curve) else { throw .curve(number) }
        return curve
    }

    private static func coordinate(
        _ label: Int, _ curve: COSECurve, in map: CBORMap
    ) throws(COSEKeyError) -> [UInt8] {
        let value = try bytes(label, in: map)
        guard value.count == curve.coordinateByteCount else { throw .coordinateLength }
        return value
    }
}
