import COpenSSL

/// A private or public key that OpenSSL holds.
///
/// `@unchecked Sendable`: the key is not changed once it is made, and OpenSSL lets several threads use it.
final class OpenSSLKey: @unchecked Sendable {
    let pointer: OpaquePointer

    deinit { EVP_PKEY_free(pointer) }

    /// What describes a key to OpenSSL, by the names of its core_names.h.
    ///
    /// The names are static, because OpenSSL keeps pointers to them; Swift sees only some of the macros.
    enum Parameter {
        case number(StaticString, BigNumber)
        case text(StaticString, String)
        case bytes(StaticString, [UInt8])
    }

    /// Builds a key of a type, "EC" or "RSA", from its parts: of a key pair, unless it is only to verify with.
    init(
        type: String, _ parameters: [Parameter], isPublic: Bool = false
    ) throws(SupplementaryKeyError) {
        guard let builder = OSSL_PARAM_BLD_new() else { throw .library("a parameter list") }
        defer { OSSL_PARAM_BLD_free(builder) }
        // OpenSSL copies them only when the list is made; until then they must stay where they are.
        var kept: [UnsafeMutablePointer<UInt8>] = []
        defer { kept.forEach { $0.deallocate() } }
        for parameter in parameters {
            let isPushed =
                switch parameter {
                case .number(let name, let number):
                    OSSL_PARAM_BLD_push_BN(builder, OpenSSLKey.characters(name), number.pointer)
                case .text(let name, let text):
                    text.utf8CString.withUnsafeBufferPointer { characters in
                        let copy = OpenSSLKey.copy(characters.map { UInt8(bitPattern: $0) }, into: &kept)
                        return copy.withMemoryRebound(to: CChar.self, capacity: characters.count) {
                            OSSL_PARAM_BLD_push_utf8_string(builder, OpenSSLKey.characters(name), $0, 0)
                        }
                    }
                case .bytes(let name, let bytes):
                    OSSL_PARAM_BLD_push_octet_string(
                        builder, OpenSSLKey.characters(name), OpenSSLKey.copy(bytes, into: &kept), bytes.count)
                }
            guard isPushed == 1 else { throw .library("a parameter") }
        }
        guard let list = OSSL_PARAM_BLD_to_param(builder) else { throw .library("a parameter list") }
        defer { OSSL_PARAM_free(list) }
        guard let context = EVP_PKEY_CTX_new_from_name(nil, type, nil) else { throw .library("a context for \(type)") }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_fromdata_init(context) == 1,
            EVP_PKEY_fromdata(
                context, &key, isPublic ? aikagi_openssl_public_key : aikagi_openssl_key_pair, list) == 1,
            let key
        else { throw .notAKey }
        pointer = key
    }

    private static func characters(_ name: StaticString) -> UnsafePointer<CChar> {
        UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
    }

    private static func copy(
        _ bytes: [UInt8], into kept: inout [UnsafeMutablePointer<UInt8>]
    ) -> UnsafeMutablePointer<UInt8> {
        let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: bytes.count)
        copy.initialize(from: bytes, count: bytes.count)
        kept.append(copy)
        return copy
    }

    /// Signs a message, hashed by SHA-256: ECDSA in DER, or RSASSA-PKCS1-v1_5.
    func signature(for message: [UInt8]) throws(SupplementaryKeyError) -> [UInt8] {
        guard let context = EVP_MD_CTX_new() else { throw .library("a context to sign in") }
        defer { EVP_MD_CTX_free(context) }
        var count = 0
        guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, pointer) == 1,
            EVP_DigestSign(context, nil, &count, message, message.count) == 1
        else { throw .library("a signature") }
        var signature = [UInt8](repeating: 0, count: count)
        guard EVP_DigestSign(context, &signature, &count, message, message.count) == 1, count <= signature.count else {
            throw .library("a signature")
        }
        return Array(signature.prefix(count))
    }

    /// Whether it made the signature of a message that was hashed by SHA-256; `false` also for what is no signature.
    func verifies(_ signature: [UInt8], over message: [UInt8]) throws(SupplementaryKeyError) -> Bool {
        guard let context = EVP_MD_CTX_new() else { throw .library("a context to verify in") }
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, pointer) == 1 else {
            throw .library("the beginning of a verification")
        }
        // What is refused leaves a reason behind, which nobody reads.
        defer { ERR_clear_error() }
        return EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}
