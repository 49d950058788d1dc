import CMLDSA44
public import WebAuthnModel

/// Verifies ML-DSA-44 (FIPS 204), pure, with an empty context, by swift-crypto's BoringSSL.
public struct MLDSA44Verifier: SignatureVerifier {
    /// Nothing is to be set.
    public init() {}

    /// ML-DSA-44.
    public var algorithm: COSEAlgorithm { .mlDSA44 }

    /// Throws unless the key has the length of one: all such bytes are a key.
    public func check(_ key: COSEKey) throws(SignatureError) { _ = try publicKey(key) }

    /// Throws unless the signature is one of the key.
    public func verify(_ signature: [UInt8], over data: [UInt8], with key: COSEKey) throws(SignatureError) {
        let publicKey = try publicKey(key)
        guard signature.count == Int(CMLDSA44_SIGNATURE_BYTES) else { throw .malformedSignature(algorithm) }
        guard aikagi_mldsa44_verify(publicKey, data, data.count, signature) == 1 else { throw .invalidSignature }
    }

    private func publicKey(_ key: COSEKey) throws(SignatureError) -> [UInt8] {
        guard case .akp(.mlDSA44, let bytes) = key else { throw .keyType(algorithm) }
        guard bytes.count == Int(CMLDSA44_PUBLIC_KEY_BYTES), aikagi_mldsa44_is_public_key(bytes) == 1 else {
            throw .invalidKey(algorithm)
        }
        return bytes
    }
}
