import COpenSSL
public import WebAuthnModel

/// Verifies ECDSA with SHA-256 on secp256k1, by OpenSSL.
public struct ES256KVerifier: SignatureVerifier {
    /// Nothing is to be set.
    public init() {}

    /// ES256K.
    public var algorithm: COSEAlgorithm { .es256K }

    /// Throws unless the key is a point of the curve.
    public func check(_ key: COSEKey) throws(SignatureError) { _ = try load(key) }

    /// Throws unless the signature is DER without a superfluous byte, and one of the key.
    public func verify(_ signature: [UInt8], over data: [UInt8], with key: COSEKey) throws(SignatureError) {
        let key = try load(key)
        guard Self.isDER(signature) else { throw .malformedSignature(algorithm) }
        let isValid: Bool
        do throws(SupplementaryKeyError) {
            isValid = try key.verifies(signature, over: data)
        } catch {
            throw .invalidSignature
        }
        guard isValid else { throw .invalidSignature }
    }

    private func load(_ key: COSEKey) throws(SignatureError) -> OpenSSLKey {
        guard case .ec2(.es256K, .secp256k1, let x, let y) = key else { throw .keyType(algorithm) }
        do throws(SupplementaryKeyError) {
            return try OpenSSLKey(
                type: "EC", [.text("group", "secp256k1"), .bytes("pub", [0x04] + x + y)], isPublic: true)
        } catch {
            ERR_clear_error()
            throw .invalidKey(algorithm)
        }
    }

    /// Whether the bytes are `SEQUENCE { r INTEGER, s INTEGER }` in the one way that DER has.
    private static func isDER(_ signature: [UInt8]) -> Bool {
        // 72 bytes are the most that two numbers below the order take.
        guard 8...72 ~= signature.count else { return false }
        let again: [UInt8] = signature.withUnsafeBufferPointer { bytes in
            var next = bytes.baseAddress
            guard let parsed = d2i_ECDSA_SIG(nil, &next, bytes.count) else {
                ERR_clear_error()
                return []
            }
            defer { ECDSA_SIG_free(parsed) }
            let count = Int(i2d_ECDSA_SIG(parsed, nil))
            guard count == bytes.count else { return [] }
            return [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
                var end = buffer.baseAddress
                written = max(0, Int(i2d_ECDSA_SIG(parsed, &end)))
            }
        }
        return again == signature
    }
}
