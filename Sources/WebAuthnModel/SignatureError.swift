/// Why a signature or the key it would be verified with was refused.
public enum SignatureError: Error, Hashable, Sendable {
    /// The algorithm cannot be verified here.
    case algorithm(COSEAlgorithm)
    /// The key's type or curve is not the algorithm's.
    case keyType(COSEAlgorithm)
    /// The key is not a valid one: a point off the curve, or numbers that are no RSA key.
    case invalidKey(COSEAlgorithm)
    /// The key is valid but gives no security: a point of small order, or an RSA modulus that is too short.
    case weakKey(COSEAlgorithm)
    /// The signature does not have the algorithm's form.
    case malformedSignature(COSEAlgorithm)
    /// The signature is not one of this key over this data.
    case invalidSignature
}

extension SignatureError: CustomStringConvertible {
    /// A sentence for a developer.
    public var description: String {
        switch self {
        case .algorithm(let algorithm): "signatures of \(algorithm) cannot be verified here"
        case .keyType(let algorithm): "the key's type or curve is not the one of \(algorithm)"
        case .invalidKey(let algorithm): "the \(algorithm) key is not a valid key"
        case .weakKey(let algorithm): "the \(algorithm) key gives no security and is refused"
        case .malformedSignature(let algorithm): "the signature does not have the form of \(algorithm)"
        case .invalidSignature: "the signature does not verify: the signed data was changed, or another key signed it"
        }
    }
}
