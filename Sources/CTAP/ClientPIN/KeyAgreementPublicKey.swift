public import CBOR
import Crypto

/// A public key for key agreement, a point that is known to lie on P-256 (CTAP 2.3 §6.5.6, getPublicKey).
///
/// | key | member | value |
/// |---|---|---|
/// | 1 | kty | 2 (EC2) |
/// | 3 | alg | −25 (ECDH-ES + HKDF-256), "although this is NOT the algorithm actually used" |
/// | -1 | crv | 1 (P-256) |
/// | -2 | x | bstr, 32 bytes |
/// | -3 | y | bstr, 32 bytes |
public struct KeyAgreementPublicKey: Hashable, Sendable {
    /// The point, `x ‖ y`, 64 bytes.
    let point: [UInt8]

    init(_ key: P256.KeyAgreement.PublicKey) { point = Array(key.rawRepresentation) }

    /// Reads the COSE_Key of a peer.
    ///
    /// - Throws: CTAP2_ERR_CBOR_UNEXPECTED_TYPE for a member of another type; CTAP1_ERR_INVALID_PARAMETER for a member that
    ///   is missing, another kind of key, or a point that is not on the curve, whose use would leak the private key.
    public init(ctap item: CBORValue) throws(CTAPStatus) {
        let map = try Member.map(item)
        let type = try Member.optional(1, in: map, Member.integer)
        // The algorithm is not used, so only its type matters.
        _ = try Member.optional(3, in: map, Member.integer)
        let curve = try Member.optional(-1, in: map, Member.integer)
        let x = try Member.optional(-2, in: map, Member.bytes)
        let y = try Member.optional(-3, in: map, Member.bytes)
        guard type == 2, curve == 1, let x, let y, x.count == 32, y.count == 32 else { throw .invalidParameter }
        point = x + y
        do {
            _ = try P256.KeyAgreement.PublicKey(rawRepresentation: point)
        } catch {
            throw .invalidParameter  // whatever the library calls it, it is no point of the curve
        }
    }

    /// The COSE_Key, with exactly the five members that the clause lists.
    public var ctap: CBORValue {
        [1: 2, 3: -25, -1: 1, -2: .bytes(Array(point.prefix(32))), -3: .bytes(Array(point.dropFirst(32)))]
    }
}

extension KeyAgreementPublicKey {
    /// The platform's `encapsulate`: a new key pair, whose public key goes to the authenticator, and the secret that both
    /// then share (CTAP 2.3 §6.5.4).
    public func encapsulate(
        _ pinUVAuthProtocol: PINUVAuthProtocol, using generator: inout some RandomNumberGenerator
    ) throws(PINUVAuthError) -> (keyAgreement: KeyAgreementPublicKey, sharedSecret: PINUVAuthSharedSecret) {
        let privateKey = try KeyAgreementPrivateKey(using: &generator)
        return (privateKey.publicKey, try privateKey.decapsulate(self, pinUVAuthProtocol))
    }
}
