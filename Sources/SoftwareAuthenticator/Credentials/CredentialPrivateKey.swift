public import WebAuthnModel

/// The private key of a credential: ES256, ES384, ES512, EdDSA on Ed25519, ML-DSA-65, or a ``SupplementaryAlgorithm``'s.
public struct CredentialPrivateKey: Equatable, Sendable {
    /// The algorithms that an authenticator offers unless it is told otherwise, most wanted first; none is supplementary.
    ///
    /// ML-DSA is left out: some browsers refuse numbers that they do not know (Firefox before 138).
    public static let supportedAlgorithms: [COSEAlgorithm] = [.es256, .edDSA, .es384, .es512]

    /// All algorithms that need no supplement, with those that are off by default.
    public static let allAlgorithms = supportedAlgorithms + [.mlDSA65]

    /// The algorithm the key signs with.
    public let algorithm: COSEAlgorithm
    /// The scalar (NIST curves, big-endian), the seed (Ed25519, ML-DSA), or what a supplementary algorithm keeps.
    public let rawRepresentation: SecretBytes
    /// The public key.
    public let publicKey: COSEKey
    /// The library's key, loaded once: loading a scalar costs most of a signature.
    private let key: LoadedKey

    /// The length of the raw representation in bytes; `nil` for an algorithm that needs a supplement.
    static func byteCount(_ algorithm: COSEAlgorithm) -> Int? {
        switch algorithm {
        case .es256, .edDSA, .mlDSA65: 32
        case .es384: 48
        case .es512: 66
        default: nil
        }
    }

    /// Loads a key.
    ///
    /// - Parameter supplement: Who loads it if this module cannot.
    /// - Throws: ``CredentialPrivateKeyError`` when the bytes are not a key of that algorithm.
    public init(
        algorithm: COSEAlgorithm, rawRepresentation: SecretBytes, supplement: SupplementaryAlgorithms = .none
    ) throws(CredentialPrivateKeyError) {
        guard CredentialPrivateKey.byteCount(algorithm) != nil || supplement[algorithm] != nil else {
            throw .unsupportedAlgorithm(algorithm)
        }
        do {
            key = try LoadedKey(algorithm, rawRepresentation, supplement)
        } catch {
            throw .notAKey(algorithm)
        }
        self.algorithm = algorithm
        self.rawRepresentation = rawRepresentation
        publicKey = key.publicKey(algorithm)
    }

    private init(_ algorithm: COSEAlgorithm, _ supplementary: any SupplementaryKey) {
        self.algorithm = algorithm
        rawRepresentation = supplementary.rawRepresentation
        publicKey = supplementary.publicKey
        key = .supplementary(supplementary)
    }

    /// Draws a new key.
    ///
    /// A uniformly random scalar is loaded instead of letting the library generate a key pair: the randomness stays
    /// the caller's. A scalar of zero or not below the group's order has a chance of about 2⁻³²; a few attempts are
    /// therefore enough, and a generator that is broken is noticed.
    ///
    /// - Parameter supplement: Who draws it if this module cannot.
    public init(
        generating algorithm: COSEAlgorithm, supplement: SupplementaryAlgorithms = .none,
        using generator: inout some RandomNumberGenerator
    ) throws(CredentialPrivateKeyError) {
        guard let byteCount = CredentialPrivateKey.byteCount(algorithm) else {
            guard let supplementary = supplement[algorithm] else { throw .unsupportedAlgorithm(algorithm) }
            do {
                self.init(algorithm, try supplementary.newKey(using: &generator))
            } catch {
                throw .noKeyDrawn
            }
            return
        }
        for _ in 0..<8 {
            var candidate = randomBytes(byteCount, using: &generator)
            // The order of P-521 has 521 bits, and its scalars 66 bytes: of the first only one bit counts.
            if algorithm == .es512 { candidate[0] &= 1 }
            do throws(CredentialPrivateKeyError) {
                self = try CredentialPrivateKey(
                    algorithm: algorithm, rawRepresentation: SecretBytes(candidate), supplement: .none)
                return
            } catch {
                continue
            }
        }
        throw .noKeyDrawn
    }

    /// Signs a message: DER for ECDSA, raw bytes for the others (WebAuthn Level 3 §6.5.5).
    public func signature(for message: [UInt8]) throws(CredentialPrivateKeyError) -> [UInt8] {
        do {
            return try key.signature(for: message)
        } catch {
            throw .signing(String(describing: error))
        }
    }

    /// Whether both are the same key for the same algorithm.
    public static func == (left: CredentialPrivateKey, right: CredentialPrivateKey) -> Bool {
        left.algorithm == right.algorithm && left.rawRepresentation == right.rawRepresentation
    }
}

extension CredentialPrivateKey: CustomStringConvertible, CustomReflectable {
    /// The algorithm only.
    public var description: String { "\(algorithm) private key" }
    /// No children, so that dumping a value that holds this one shows nothing either.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why there is no key, or no signature by it.
public enum CredentialPrivateKeyError: Error, Hashable, Sendable {
    /// No key can be made for the algorithm.
    case unsupportedAlgorithm(COSEAlgorithm)
    /// The bytes are not a private key of the algorithm.
    case notAKey(COSEAlgorithm)
    /// The generator yielded no usable scalar in several attempts.
    case noKeyDrawn
    /// The cryptographic library failed to sign.
    case signing(String)
}

extension CredentialPrivateKeyError: CustomStringConvertible {
    /// A sentence for a developer.
    public var description: String {
        switch self {
        case .unsupportedAlgorithm(let algorithm):
            "no key can be made for \(algorithm) here; use ES256, ES384, ES512 or EdDSA"
        case .notAKey(let algorithm): "the bytes are not a private key for \(algorithm); restore them from a backup"
        case .noKeyDrawn: "the random number generator yields no usable key; check that it is not stuck"
        case .signing(let reason): "the signature could not be made: \(reason)"
        }
    }
}
