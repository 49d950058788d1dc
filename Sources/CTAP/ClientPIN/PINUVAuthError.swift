/// Why an operation of a PIN/UV auth protocol yielded nothing.
public enum PINUVAuthError: Error, Hashable, Sendable {
    /// The bytes are not a scalar of P-256.
    case notAPrivateKey
    /// The generator yielded no usable scalar in several attempts.
    case noKeyDrawn
    /// A plaintext or ciphertext of so many bytes, which the cipher cannot take.
    case length(Int)
    /// The cryptographic library failed; the text says how.
    case library(String)
}

extension PINUVAuthError: CustomStringConvertible {
    /// A sentence for a developer.
    public var description: String {
        switch self {
        case .notAPrivateKey: "the bytes are not a private key on P-256"
        case .noKeyDrawn: "the random number generator yields no usable key; check that it is not stuck"
        case .length(let count): "\(count) bytes are not a number of whole cipher blocks"
        case .library(let reason): "the cryptographic library failed: \(reason)"
        }
    }
}
