import SoftwareAuthenticator
import SupplementaryKeys
import TestSupport
import Testing
import WebAuthnModel

@Suite("Keys of the algorithms that other libraries add", .timeLimit(.minutes(2)))
struct SupplementaryAlgorithmTests {
    /// One for all tests: its primes take a while to find.
    static let rsaKey = Result {
        var generator = SeededGenerator(seed: 1)
        return try CredentialPrivateKey(generating: .rs256, supplement: .all, using: &generator)
    }

    @Test("there are ES256K, RS256 and ML-DSA-44, and nothing else")
    func algorithms() {
        #expect(SupplementaryAlgorithms.all.identifiers == [.es256K, .rs256, .mlDSA44])
        var generator = SeededGenerator(seed: 1)
        #expect(throws: CredentialPrivateKeyError.unsupportedAlgorithm(.init(rawValue: -37))) {
            try CredentialPrivateKey(generating: .init(rawValue: -37), supplement: .all, using: &generator)
        }
    }

    @Test("the scalar 1 has the generator of secp256k1 as its public key (SEC 2 §2.4.1)")
    func generatorPoint() throws {
        let one = SecretBytes([UInt8](repeating: 0, count: 31) + [1])
        let key = try CredentialPrivateKey(algorithm: .es256K, rawRepresentation: one, supplement: .all)
        let x = try #require([UInt8](hex: "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"))
        let y = try #require([UInt8](hex: "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"))
        #expect(key.publicKey == .ec2(algorithm: .es256K, curve: .secp256k1, x: x, y: y))
    }

    @Test("a key is drawn from the generator, and again from its bytes", arguments: [COSEAlgorithm.es256K, .mlDSA44])
    func determinism(algorithm: COSEAlgorithm) throws {
        var (first, second) = (SeededGenerator(seed: 5), SeededGenerator(seed: 5))
        let key = try CredentialPrivateKey(generating: algorithm, supplement: .all, using: &first)
        let again = try CredentialPrivateKey(generating: algorithm, supplement: .all, using: &second)
        #expect(key == again)
        #expect(key.rawRepresentation.count == 32)
        let loaded = try CredentialPrivateKey(
            algorithm: algorithm, rawRepresentation: key.rawRepresentation, supplement: .all)
        #expect(loaded.publicKey == key.publicKey)
    }

    @Test("an RSA key is its two primes: 256 bytes, from which the same key comes again")
    func rsa() throws {
        let key = try Self.rsaKey.get()
        #expect(key.rawRepresentation.count == 256)
        let loaded = try CredentialPrivateKey(
            algorithm: .rs256, rawRepresentation: key.rawRepresentation, supplement: .all)
        #expect(loaded.publicKey == key.publicKey)
        guard case .rsa(.rs256, let modulus, [1, 0, 1]) = key.publicKey else {
            Issue.record("\(key.publicKey)")
            return
        }
        #expect(modulus.count == 256 && modulus[0] >= 0x80)
        // Its primes come from the generator and from nowhere else.
        var generator = SeededGenerator(seed: 1)
        #expect(try CredentialPrivateKey(generating: .rs256, supplement: .all, using: &generator) == key)
        // Two high bits each, odd, and not the same.
        let primes = key.rawRepresentation.exposeSecret()
        #expect(primes[0] >= 0xC0 && primes[128] >= 0xC0 && primes[127] & primes[255] & 1 == 1)
        #expect(primes.prefix(128) != primes.suffix(128))
        // PKCS #1 v1.5 has nothing random.
        #expect(try loaded.signature(for: [1, 2, 3]) == key.signature(for: [1, 2, 3]))
    }

    @Test("a signature has its algorithm's form")
    func signatures() throws {
        var generator = SeededGenerator(seed: 7)
        let ecdsa = try CredentialPrivateKey(generating: .es256K, supplement: .all, using: &generator)
        let signature = try ecdsa.signature(for: [1])
        #expect(signature.first == 0x30 && signature.count == Int(signature[1]) + 2)
        let mlDSA = try CredentialPrivateKey(generating: .mlDSA44, supplement: .all, using: &generator)
        #expect(try mlDSA.signature(for: [1]).count == 2420)
        guard case .akp(.mlDSA44, let publicKey) = mlDSA.publicKey else {
            Issue.record("\(mlDSA.publicKey)")
            return
        }
        #expect(publicKey.count == 1312)
        #expect(try Self.rsaKey.get().signature(for: []).count == 256)
    }

    static let order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
    static let notKeys: [(COSEAlgorithm, [UInt8])] = [
        (.es256K, []), (.es256K, [UInt8](repeating: 1, count: 31)), (.es256K, [UInt8](repeating: 1, count: 33)),
        (.es256K, [UInt8](repeating: 0, count: 32)), (.es256K, [UInt8](repeating: 0xFF, count: 32)),
        (.es256K, [UInt8](hex: order) ?? []), (.mlDSA44, []), (.mlDSA44, [UInt8](repeating: 1, count: 31)),
        (.mlDSA44, [UInt8](repeating: 1, count: 33)), (.rs256, []), (.rs256, [UInt8](repeating: 0xFF, count: 255)),
        (.rs256, [UInt8](repeating: 0xFF, count: 257)), (.rs256, [UInt8](repeating: 0, count: 256)),
        // Even, equal, and too short.
        (.rs256, [UInt8](repeating: 0xFE, count: 256)), (.rs256, [UInt8](repeating: 0xFF, count: 256)),
        (.rs256, [UInt8](repeating: 0, count: 64) + [UInt8](repeating: 0xFF, count: 192)),
        // FIPS 186-5 A.1.3: 2 apart, and 2⁹²⁴, which is as near as not to be far enough.
        (.rs256, ones(127) + [0xFF] + ones(127) + [0xFD]), (.rs256, ones(128) + ones(12) + [0xEF] + ones(115)),
        (.rs256, ones(12) + [0xEF] + ones(115) + ones(128)),
        // A.1.1: p − 1 = 4g and q − 1 = 3g with g = 2¹⁰²² − 6; the private exponent has 1024 bits.
        (.rs256, ones(127) + [0xE9] + [0xBF] + ones(126) + [0xEF]),
    ]

    private static func ones(_ count: Int) -> [UInt8] { [UInt8](repeating: 0xFF, count: count) }

    @Test("FIPS 186-5 A.1.3: two numbers that are far enough apart are taken")
    func distance() throws {
        let bytes = Self.ones(128) + Self.ones(12) + [0xEF] + Self.ones(114) + [0xF9]
        let key = try CredentialPrivateKey(algorithm: .rs256, rawRepresentation: SecretBytes(bytes), supplement: .all)
        #expect(key.rawRepresentation.count == 256)
    }

    @Test("bytes that are not a key are refused", arguments: notKeys)
    func rejection(algorithm: COSEAlgorithm, bytes: [UInt8]) {
        #expect(throws: CredentialPrivateKeyError.notAKey(algorithm)) {
            try CredentialPrivateKey(algorithm: algorithm, rawRepresentation: SecretBytes(bytes), supplement: .all)
        }
    }

    @Test("a generator that is stuck is noticed", arguments: [COSEAlgorithm.es256K, .rs256])
    func stuckGenerator(algorithm: COSEAlgorithm) {
        var stuck = StuckGenerator()
        #expect(throws: CredentialPrivateKeyError.noKeyDrawn) {
            try CredentialPrivateKey(generating: algorithm, supplement: .all, using: &stuck)
        }
    }
}

private struct StuckGenerator: RandomNumberGenerator {
    mutating func next() -> UInt64 { 0 }
}
