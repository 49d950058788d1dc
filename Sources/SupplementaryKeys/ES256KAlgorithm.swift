import COpenSSL
public import SoftwareAuthenticator
public import WebAuthnModel

/// ECDSA with SHA-256 on secp256k1, by OpenSSL; a key is kept as its scalar of 32 bytes.
public struct ES256KAlgorithm: SupplementaryAlgorithm {
    /// Nothing is to be set.
    public init() {}

    /// ES256K.
    public var identifier: COSEAlgorithm { .es256K }

    /// Draws a scalar; about one in 2¹²⁸ is none.
    public func newKey(using generator: inout some RandomNumberGenerator) throws -> any SupplementaryKey {
        for _ in 0..<8 {
            do throws(SupplementaryKeyError) {
                return try ES256KKey(SecretBytes(randomBytes(32, using: &generator)))
            } catch .notAKey {
                continue
            }
        }
        throw SupplementaryKeyError.noKeyDrawn
    }

    /// Loads a scalar.
    public func key(rawRepresentation: SecretBytes) throws -> any SupplementaryKey { try ES256KKey(rawRepresentation) }
}

private struct ES256KKey: SupplementaryKey {
    let rawRepresentation: SecretBytes
    let publicKey: COSEKey
    private let key: OpenSSLKey

    init(_ secret: SecretBytes) throws(SupplementaryKeyError) {
        guard secret.count == 32 else { throw .notAKey }
        let scalar = try BigNumber(secret.exposeSecret()[...])
        let point = try ES256KKey.point(of: scalar)
        rawRepresentation = secret
        publicKey = .ec2(
            algorithm: .es256K, curve: .secp256k1, x: Array(point[1..<33]), y: Array(point[33..<65]))
        key = try OpenSSLKey(
            type: "EC",
            [
                .text("group", "secp256k1"), .bytes("pub", point),
                .number("priv", scalar),
            ])
    }

    /// The generator times a scalar: `04 ‖ x ‖ y`.
    private static func point(of scalar: BigNumber) throws(SupplementaryKeyError) -> [UInt8] {
        guard let group = EC_GROUP_new_by_curve_name(NID_secp256k1) else { throw .library("secp256k1") }
        defer { EC_GROUP_free(group) }
        let order = try BigNumber()
        guard EC_GROUP_get_order(group, order.pointer, nil) == 1 else { throw .library("the order of secp256k1") }
        guard scalar.isPositive(below: order) else { throw .notAKey }
        guard let point = EC_POINT_new(group) else { throw .library("a point") }
        defer { EC_POINT_free(point) }
        var bytes = [UInt8](repeating: 0, count: 65)
        let scratch = try BigNumber.Scratch()
        guard EC_POINT_mul(group, point, scalar.pointer, nil, nil, scratch.pointer) == 1,
            EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, &bytes, bytes.count, scratch.pointer) == 65
        else { throw .library("a public key") }
        return bytes
    }

    func signature(for message: [UInt8]) throws -> [UInt8] { try key.signature(for: message) }
}
