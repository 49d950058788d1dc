import COpenSSL
import SoftwareAuthenticator

extension BigNumber {
    /// A random prime of as many bytes whose two highest bits are set, so that two of them make a product of twice as
    /// many bytes, and that leaves an odd prime as the exponent of RSA (FIPS 186-5 A.1.3, steps 4 and 5 without the
    /// distance).
    ///
    /// - Parameters:
    ///   - exponent: A prime that must not divide the number before it.
    ///   - generator: Draws the candidates; that one of them is prime OpenSSL tests with bases of its own, on which nothing
    ///     depends but a chance of less than 2⁻¹²⁸ to err.
    static func rsaPrime(
        byteCount: Int, for exponent: UInt, using generator: inout some RandomNumberGenerator, _ scratch: Scratch
    ) throws(SupplementaryKeyError) -> BigNumber {
        // Of 1024 bits one odd number in 355 is prime: a good generator fails here once in 10²⁰ times.
        for _ in 0..<(128 * byteCount) {
            var bytes = randomBytes(byteCount, using: &generator)
            defer { OPENSSL_cleanse(&bytes, bytes.count) }
            bytes[0] |= 0xC0
            bytes[byteCount - 1] |= 1
            let candidate = try BigNumber(bytes[...])
            guard BN_mod_word(candidate.pointer, exponent) != 1 else { continue }
            switch BN_check_prime(candidate.pointer, scratch.pointer, nil) {
            case 1: return candidate
            case 0: continue
            default: throw .library("a test of a prime")
            }
        }
        throw .noKeyDrawn
    }
}
