public import WebAuthnModel

/// An algorithm that this module cannot sign with by itself: another one makes its keys, and a C library computes.
public protocol SupplementaryAlgorithm: Sendable {
    /// The algorithm.
    var identifier: COSEAlgorithm { get }

    /// Draws a new key.
    ///
    /// - Parameter generator: where the randomness comes from, unless the library insists on its own.
    func newKey(using generator: inout some RandomNumberGenerator) throws -> any SupplementaryKey

    /// Loads a key; throws when the bytes are none.
    func key(rawRepresentation: SecretBytes) throws -> any SupplementaryKey
}

/// A private key of a ``SupplementaryAlgorithm``.
public protocol SupplementaryKey: Sendable {
    /// The bytes it is stored as: as few as possible, since a credential ID may have to hold them.
    var rawRepresentation: SecretBytes { get }
    /// The public key.
    var publicKey: COSEKey { get }

    /// Signs a message, in the form of WebAuthn Level 3 §6.5.5.
    func signature(for message: [UInt8]) throws -> [UInt8]
}

/// The algorithms that come from outside; two collections are equal when they name the same ones in the same order.
public struct SupplementaryAlgorithms: Sendable {
    /// None.
    public static let none = SupplementaryAlgorithms([])

    private let algorithms: [any SupplementaryAlgorithm]

    /// Collects algorithms; of several for the same number the first counts.
    public init(_ algorithms: [any SupplementaryAlgorithm]) { self.algorithms = algorithms }

    /// Their numbers.
    public var identifiers: [COSEAlgorithm] { algorithms.map(\.identifier) }

    /// The algorithm with a number, if it is among them.
    subscript(identifier: COSEAlgorithm) -> (any SupplementaryAlgorithm)? {
        algorithms.first { $0.identifier == identifier }
    }
}

extension SupplementaryAlgorithms: Equatable {
    /// Whether both name the same algorithms.
    public static func == (left: SupplementaryAlgorithms, right: SupplementaryAlgorithms) -> Bool {
        left.identifiers == right.identifiers
    }
}
