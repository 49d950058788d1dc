public import SoftwareAuthenticator
public import WebAuthnModel

/// RSASSA-PKCS1-v1_5 with SHA-256 and 2048 bits, by OpenSSL; a key is kept as its two primes, 128 bytes each.
public struct RS256Algorithm: SupplementaryAlgorithm {
    /// Nothing is to be set.
    public init() {}

    /// RS256.
    public var identifier: COSEAlgorithm { .rs256 }

    /// Draws two primes, which takes a quarter of a second.
    public func newKey(using generator: inout some RandomNumberGenerator) throws -> any SupplementaryKey {
        let scratch = try BigNumber.Scratch()
        var primes: [UInt8] = []
        for _ in 0..<2 {
            primes += try BigNumber.rsaPrime(
                byteCount: RS256Key.primeByteCount, for: RS256Key.exponent, using: &generator, scratch
            ).bytes(count: RS256Key.primeByteCount)
        }
        do {
            return try RS256Key(SecretBytes(primes))
        } catch SupplementaryKeyError.notAKey {
            // Equal or near to each other, or with a small private exponent: of a good generator nobody ever sees that.
            throw SupplementaryKeyError.noKeyDrawn
        }
    }

    /// Loads two primes.
    public func key(rawRepresentation: SecretBytes) throws -> any SupplementaryKey { try RS256Key(rawRepresentation) }
}

private struct RS256Key: SupplementaryKey {
    static let primeByteCount = 128
    /// 65537, a prime.
    static let exponent: UInt = 0x1_0001
    private static let exponentBytes: [UInt8] = [1, 0, 1]

    let rawRepresentation: SecretBytes
    let publicKey: COSEKey
    private let key: OpenSSLKey

    /// Computes the rest of the key from its primes (FIPS 186-5 A.1.1); that they are prime is what the seal around
    /// them vouches for.
    init(_ secret: SecretBytes) throws(SupplementaryKeyError) {
        guard secret.count == 2 * RS256Key.primeByteCount else { throw .notAKey }
        let bytes = secret.exposeSecret()
        let p = try BigNumber(bytes.prefix(RS256Key.primeByteCount))
        let q = try BigNumber(bytes.suffix(RS256Key.primeByteCount))
        let scratch = try BigNumber.Scratch()
        let modulus = try p.times(q, scratch)
        let exponent = try BigNumber(RS256Key.exponentBytes[...])
        guard p.isOdd, q.isOdd, modulus.bitCount == 2048 else { throw .notAKey }
        // A.1.3 step 5.4: |p − q| > 2^(nlen/2 − 100).
        let distance = p.isPositive(below: q) ? try q.minus(p) : try p.minus(q)
        guard try distance.predecessor().bitCount > 8 * RS256Key.primeByteCount - 100 else { throw .notAKey }
        let (pLess, qLess) = (try p.predecessor(), try q.predecessor())
        let multiple = try pLess.leastCommonMultiple(qLess, scratch)
        guard let privateExponent = try exponent.inverse(modulo: multiple, scratch),
            let coefficient = try q.inverse(modulo: p, scratch)
        else { throw .notAKey }
        // A.1.1, criteria for d: d > 2^(nlen/2).
        guard try privateExponent.predecessor().bitCount > 8 * RS256Key.primeByteCount else { throw .notAKey }
        rawRepresentation = secret
        publicKey = .rsa(
            algorithm: .rs256, modulus: try modulus.bytes(count: 2 * RS256Key.primeByteCount),
            exponent: RS256Key.exponentBytes)
        key = try OpenSSLKey(
            type: "RSA",
            [
                .number("n", modulus), .number("e", exponent),
                .number("d", privateExponent), .number("rsa-factor1", p),
                .number("rsa-factor2", q),
                .number("rsa-exponent1", try privateExponent.remainder(pLess, scratch)),
                .number("rsa-exponent2", try privateExponent.remainder(qLess, scratch)),
                .number("rsa-coefficient1", coefficient),
            ])
    }

    func signature(for message: [UInt8]) throws -> [UInt8] { try key.signature(for: message) }
}
