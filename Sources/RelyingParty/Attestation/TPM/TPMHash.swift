import Crypto
import WebAuthnModel

/// The hash algorithms of a TPM (TPM 2.0 Part 2 §6.3, TPM_ALG_ID).
enum TPMHash: UInt16 {
    case sha1 = 0x0004
    case sha256 = 0x000B
    case sha384 = 0x000C
    case sha512 = 0x000D

    /// The hash that a signature algorithm employs; `nil` for algorithms that no TPM signs with.
    init?(of algorithm: COSEAlgorithm) {
        switch algorithm {
        case .rs1: self = .sha1
        case .es256, .esp256, .rs256, .ps256: self = .sha256
        case .es384, .esp384: self = .sha384
        case .es512, .esp512: self = .sha512
        default: return nil
        }
    }

    func hash(_ data: [UInt8]) -> [UInt8] {
        switch self {
        case .sha1: Array(Insecure.SHA1.hash(data: data))
        case .sha256: Array(SHA256.hash(data: data))
        case .sha384: Array(SHA384.hash(data: data))
        case .sha512: Array(SHA512.hash(data: data))
        }
    }
}
