import Crypto

/// Draws keys and bytes from a generator that the caller chose.
enum HybridKeyGeneration {
    /// A uniformly random P-256 private key.
    ///
    /// A 32-byte scalar that is zero or not below the group order is refused and drawn again, so that every key is
    /// equally likely; a proper generator is refused once in 2³² draws.
    static func privateKey(
        using generator: inout some RandomNumberGenerator
    ) throws(HybridKeyGenerationError) -> P256.KeyAgreement.PrivateKey {
        for _ in 0..<64 {
            do {
                return try P256.KeyAgreement.PrivateKey(rawRepresentation: bytes(32, using: &generator))
            } catch {
                continue
            }
        }
        throw HybridKeyGenerationError()
    }

    /// Random bytes.
    static func bytes(_ count: Int, using generator: inout some RandomNumberGenerator) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}

/// A random number generator did not yield a P-256 private key in many attempts.
public struct HybridKeyGenerationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A sentence for an operator.
    public var description: String {
        "the random number generator yields no valid P-256 key; check the system's source of randomness"
    }
}
