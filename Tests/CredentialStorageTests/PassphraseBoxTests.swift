import CredentialStorage
import SoftwareAuthenticator
import TestSupport
import Testing

@Suite("A box under a passphrase")
struct PassphraseBoxTests {
    private static let content = SecretBytes(Array("what nobody else may know".utf8))

    private static func box(
        _ content: SecretBytes = content, _ purpose: PassphraseBox.Purpose = .storeKey
    ) throws -> PassphraseBox {
        var generator = SeededGenerator(seed: 5)
        return try PassphraseBox(
            sealing: content, under: try Workspace.passphrase("correct horse"), purpose: purpose,
            cost: try Workspace.lowCost(), using: &generator)
    }

    @Test("opens with its passphrase, after a round trip as well", arguments: PassphraseBox.Purpose.allCases)
    func roundTrip(purpose: PassphraseBox.Purpose) throws {
        for content in [Self.content, SecretBytes([]), SecretBytes([UInt8](repeating: 9, count: 1000))] {
            let box = try Self.box(content, purpose)
            #expect(box.encoded.count == content.count + PassphraseBox.overhead)
            let read = try PassphraseBox(decoding: box.encoded, purpose: purpose)
            #expect(read == box)
            #expect(try read.open(with: try Workspace.passphrase("correct horse")) == content)
            #expect("\(box)" == "passphrase box of \(content.count + PassphraseBox.overhead) bytes")
        }
    }

    @Test("has these bytes, which Python's hashlib.scrypt and cryptography's AESGCM made")
    func fixedBytes() throws {
        let digits =
            "414b504201010a0803"  // AKPB, version 1, a store's key, N = 2^10, r = 8, p = 3
            + "000102030405060708090a0b0c0d0e0f"  // salt
            + "101112131415161718191a1b"  // nonce
            + "01c0f474b6a41fe442616e75472c523e7c45a890848fe3ff0920296f3cb3bdbe" + "d107c4b84767bbefeee7b6a0e5207f31"
        let bytes = try #require([UInt8](hex: digits))
        let box = try PassphraseBox(decoding: bytes, purpose: .storeKey)
        #expect(box.encoded == bytes)
        #expect(
            try box.open(with: try Workspace.passphrase("Käse 1")) == SecretBytes([UInt8](repeating: 0x42, count: 32)))
        // The same letters, composed in another way.
        #expect(try box.open(with: try Workspace.passphrase("Ka\u{308}se 1")).count == 32)
    }

    @Test("does not open with another passphrase, nor after any bit has changed")
    func changes() throws {
        let box = try Self.box()
        let right = try Workspace.passphrase("correct horse")
        for wrong in ["correct hors", "correct horse ", "Correct horse"] {
            #expect(throws: PassphraseBoxError.wrongPassphrase) { try box.open(with: try Workspace.passphrase(wrong)) }
        }
        for position in box.encoded.indices {
            var bytes = box.encoded
            bytes[position] ^= 1
            #expect(throws: PassphraseBoxError.self, "byte \(position)") {
                try PassphraseBox(decoding: bytes, purpose: .storeKey).open(with: right)
            }
        }
    }

    /// A beginning, how many zeros follow, and what is wrong.
    private static let refused: [(hex: String, zeros: Int, error: PassphraseBoxError)] = [
        ("", 0, .notABox), ("414b50", 0, .notABox), ("414b5043", 60, .notABox), ("414b5042", 0, .truncated),
        ("414b504201010a0803", 43, .truncated),
        ("414b504202010a0803", 44, .unknownVersion(2)),
        ("414b504201020a0803", 44, .otherPurpose(.storeKey)),
        ("414b504201030a0803", 44, .otherPurpose(.storeKey)),
        ("414b50420101000803", 44, .unacceptableCost),
        ("414b50420101150103", 44, .unacceptableCost),
        ("414b504201010a0003", 44, .unacceptableCost),
        ("414b504201010a2103", 44, .unacceptableCost),
        ("414b504201010a0800", 44, .unacceptableCost),
        ("414b504201010a0811", 44, .unacceptableCost),
        ("414b50420101140303", 44, .unacceptableCost),
    ]

    @Test("Other bytes are refused", arguments: refused)
    func refusals(hex: String, zeros: Int, error: PassphraseBoxError) throws {
        let bytes = try #require([UInt8](hex: hex)) + [UInt8](repeating: 0, count: zeros)
        #expect(throws: error) { try PassphraseBox(decoding: bytes, purpose: .storeKey) }
        #expect(error.description.contains(" "))
    }

    @Test("A passphrase is neither empty nor endless, and does not show itself")
    func passphrases() throws {
        #expect(Passphrase("") == nil)
        #expect(Passphrase(String(repeating: "ü", count: 512)) != nil)
        #expect(Passphrase(String(repeating: "ü", count: 513)) == nil)
        let passphrase = try Workspace.passphrase("correct horse")
        var dumped = ""
        dump(passphrase, to: &dumped)
        #expect("\(passphrase)" == "passphrase" && !dumped.contains("horse"))
        #expect(PassphraseCost.standard == PassphraseCost(logarithmOfRounds: 15, blockSize: 8, parallelism: 3))
    }
}
