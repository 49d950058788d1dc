/// Verifies the signatures of one algorithm that a relying party cannot verify by itself: another module computes.
public protocol SignatureVerifier: Sendable {
    /// The algorithm.
    var algorithm: COSEAlgorithm { get }

    /// Throws unless the key is one that signatures of the algorithm can be verified with.
    func check(_ key: COSEKey) throws(SignatureError)

    /// Throws unless the signature, in the form of WebAuthn Level 3 §6.5.5, is one of the key over the data.
    ///
    /// A key that ``check(_:)`` refuses is refused here, too.
    func verify(_ signature: [UInt8], over data: [UInt8], with key: COSEKey) throws(SignatureError)
}

/// The algorithms whose verification comes from outside; two collections are equal when they name the same ones in the
/// same order.
public struct SignatureVerifiers: Sendable {
    /// None.
    public static let none = SignatureVerifiers([])

    private let verifiers: [any SignatureVerifier]

    /// Collects verifiers; of several for the same algorithm the first counts.
    public init(_ verifiers: [any SignatureVerifier]) { self.verifiers = verifiers }

    /// Their algorithms.
    public var algorithms: [COSEAlgorithm] { verifiers.map(\.algorithm) }

    /// The verifier of an algorithm, if it is among them.
    public subscript(algorithm: COSEAlgorithm) -> (any SignatureVerifier)? {
        verifiers.first { $0.algorithm == algorithm }
    }
}

extension SignatureVerifiers: Hashable {
    /// Whether both name the same algorithms.
    public static func == (left: SignatureVerifiers, right: SignatureVerifiers) -> Bool {
        left.algorithms == right.algorithms
    }

    /// Hashes the algorithms.
    public func hash(into hasher: inout Hasher) { hasher.combine(algorithms) }
}
