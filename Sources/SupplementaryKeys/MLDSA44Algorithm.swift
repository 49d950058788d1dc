import CMLDSA44
public import SoftwareAuthenticator
public import WebAuthnModel

/// ML-DSA-44 (FIPS 204), pure, with an empty context, by swift-crypto's BoringSSL; a key is kept as its seed of 32 bytes.
public struct MLDSA44Algorithm: SupplementaryAlgorithm {
    /// Nothing is to be set.
    public init() {}

    /// ML-DSA-44.
    public var identifier: COSEAlgorithm { .mlDSA44 }

    /// Draws a seed: each is a key.
    public func newKey(using generator: inout some RandomNumberGenerator) throws -> any SupplementaryKey {
        try key(rawRepresentation: SecretBytes(randomBytes(Int(CMLDSA44_SEED_BYTES), using: &generator)))
    }

    /// Loads a seed.
    public func key(rawRepresentation: SecretBytes) throws -> any SupplementaryKey {
        guard rawRepresentation.count == Int(CMLDSA44_SEED_BYTES) else { throw SupplementaryKeyError.notAKey }
        var publicKey = [UInt8](repeating: 0, count: Int(CMLDSA44_PUBLIC_KEY_BYTES))
        guard aikagi_mldsa44_public_key(rawRepresentation.exposeSecret(), &publicKey) == 1 else {
            throw SupplementaryKeyError.library("the public key of ML-DSA-44")
        }
        return MLDSA44Key(
            rawRepresentation: rawRepresentation, publicKey: .akp(algorithm: .mlDSA44, publicKey: publicKey))
    }
}

/// A key of ML-DSA-44; it is expanded from the seed for each signature, which costs less than signing.
private struct MLDSA44Key: SupplementaryKey {
    let rawRepresentation: SecretBytes
    let publicKey: COSEKey

    func signature(for message: [UInt8]) throws -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: Int(CMLDSA44_SIGNATURE_BYTES))
        guard aikagi_mldsa44_sign(rawRepresentation.exposeSecret(), message, message.count, &signature) == 1 else {
            throw SupplementaryKeyError.library("a signature by ML-DSA-44")
        }
        return signature
    }
}
