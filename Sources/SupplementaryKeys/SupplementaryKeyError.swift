/// Why there is no key of a supplementary algorithm, or no signature by it.
enum SupplementaryKeyError: Error, Hashable, Sendable {
    /// The bytes are not a private key of the algorithm.
    case notAKey
    /// The generator yielded no usable scalar in several attempts.
    case noKeyDrawn
    /// The library failed; the text says at what.
    case library(String)
}

extension SupplementaryKeyError: CustomStringConvertible {
    /// A sentence for a developer.
    var description: String {
        switch self {
        case .notAKey: "the bytes are not a private key of that algorithm; restore them from a backup"
        case .noKeyDrawn: "the random number generator yields no usable key; check that it is not stuck"
        case .library(let step): "OpenSSL or BoringSSL failed at \(step); check that there is memory left"
        }
    }
}
