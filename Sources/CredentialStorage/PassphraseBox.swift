import Crypto
import CryptoExtras
import FoundationEssentials
public import SoftwareAuthenticator

/// Something secret, sealed under a passphrase.
///
/// | offset | bytes | what |
/// |---|---|---|
/// | 0 | 4 | `AKPB` |
/// | 4 | 1 | version, 1 |
/// | 5 | 1 | ``Purpose`` |
/// | 6 | 3 | cost: log₂ N, r, p |
/// | 9 | 16 | salt |
/// | 25 | 12 | nonce |
/// | 37 | any | ciphertext of AES-256-GCM; additional data: the 37 bytes before |
/// | | 16 | tag |
///
/// The key is scrypt's (RFC 7914) of passphrase, salt and cost.
public struct PassphraseBox: Equatable, Sendable {
    /// What is in a box: one box is never taken for the other.
    public enum Purpose: UInt8, Hashable, Sendable, CaseIterable {
        /// A store's key, 32 bytes.
        case storeKey = 1
        /// Exported credentials.
        case export = 2
    }

    /// How many bytes there are besides the content.
    public static let overhead = headerByteCount + tagByteCount

    private static let magic = Array("AKPB".utf8)
    private static let version: UInt8 = 1
    private static let saltRange = 9..<25
    private static let headerByteCount = 37
    private static let tagByteCount = 16

    private let cost: PassphraseCost
    private let header: [UInt8]
    private let ciphertext: [UInt8]
    private let tag: [UInt8]

    /// Seals something.
    ///
    /// - Throws: ``PassphraseBoxError/derivation(_:)`` when the cryptographic library fails.
    public init(
        sealing content: SecretBytes, under passphrase: Passphrase, purpose: Purpose, cost: PassphraseCost = .standard,
        using generator: inout some RandomNumberGenerator
    ) throws(PassphraseBoxError) {
        let random = (0..<28).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        self.cost = cost
        header =
            PassphraseBox.magic
            + [
                PassphraseBox.version, purpose.rawValue, cost.logarithmOfRounds, cost.blockSize, cost.parallelism,
            ] + random
        do {
            let sealed = try AES.GCM.seal(
                content.exposeSecret(), using: try PassphraseBox.key(passphrase, header, cost),
                nonce: AES.GCM.Nonce(data: random.suffix(12)), authenticating: header)
            (ciphertext, tag) = (Array(sealed.ciphertext), Array(sealed.tag))
        } catch {
            throw .derivation(String(describing: error))
        }
    }

    /// Reads what ``encoded`` wrote.
    ///
    /// - Throws: ``PassphraseBoxError`` for anything else, for another purpose, and for a cost that is out of all bounds.
    public init(decoding bytes: [UInt8], purpose: Purpose) throws(PassphraseBoxError) {
        guard bytes.starts(with: PassphraseBox.magic) else { throw .notABox }
        guard bytes.count >= PassphraseBox.overhead else { throw .truncated }
        guard bytes[4] == PassphraseBox.version else { throw .unknownVersion(bytes[4]) }
        guard bytes[5] == purpose.rawValue else { throw .otherPurpose(purpose) }
        guard
            let cost = PassphraseCost(logarithmOfRounds: bytes[6], blockSize: bytes[7], parallelism: bytes[8])
        else { throw .unacceptableCost }
        self.cost = cost
        header = Array(bytes.prefix(PassphraseBox.headerByteCount))
        ciphertext = Array(bytes.dropFirst(PassphraseBox.headerByteCount).dropLast(PassphraseBox.tagByteCount))
        tag = Array(bytes.suffix(PassphraseBox.tagByteCount))
    }

    /// The bytes for a file.
    public var encoded: [UInt8] { header + ciphertext + tag }

    /// What was sealed.
    ///
    /// - Throws: ``PassphraseBoxError/wrongPassphrase`` when it is another passphrase, or the bytes have been changed.
    public func open(with passphrase: Passphrase) throws(PassphraseBoxError) -> SecretBytes {
        let key: SymmetricKey
        do {
            key = try PassphraseBox.key(passphrase, header, cost)
        } catch {
            throw .derivation(String(describing: error))
        }
        do {
            let box = try AES.GCM.SealedBox(
                nonce: AES.GCM.Nonce(data: header.suffix(12)), ciphertext: ciphertext, tag: tag)
            return SecretBytes(try AES.GCM.open(box, using: key, authenticating: header))
        } catch {
            throw .wrongPassphrase  // authenticated encryption has one way to fail
        }
    }

    private static func key(
        _ passphrase: Passphrase, _ header: [UInt8], _ cost: PassphraseCost
    ) throws -> SymmetricKey {
        try KDF.Scrypt.deriveKey(
            from: passphrase.bytes.exposeSecret(), salt: Array(header[saltRange]), outputByteCount: 32,
            rounds: 1 << Int(cost.logarithmOfRounds), blockSize: Int(cost.blockSize),
            parallelism: Int(cost.parallelism))
    }
}

extension PassphraseBox: CustomStringConvertible {
    /// The length only.
    public var description: String { "passphrase box of \(encoded.count) bytes" }
}

/// Why a box cannot be read or opened.
public enum PassphraseBoxError: Error, Hashable, Sendable {
    /// The bytes do not begin as a box does.
    case notABox
    /// The bytes end too early.
    case truncated
    /// The box was written by a newer version of the program.
    case unknownVersion(UInt8)
    /// It holds something else than what is looked for.
    case otherPurpose(PassphraseBox.Purpose)
    /// The parameters of scrypt would need more memory or time than anybody means to give.
    case unacceptableCost
    /// The passphrase is another, or the box has been changed.
    case wrongPassphrase
    /// The cryptographic library failed; the text is its reason.
    case derivation(String)
}

extension PassphraseBoxError: CustomStringConvertible {
    /// Half a sentence that follows the file's name.
    public var description: String {
        switch self {
        case .notABox: "is not sealed under a passphrase"
        case .truncated: "is shorter than what is sealed under a passphrase can be"
        case .unknownVersion(let version): "has version \(version); a newer version of this program may read it"
        case .otherPurpose(.storeKey): "does not hold a store's key"
        case .otherPurpose(.export): "does not hold exported credentials"
        case .unacceptableCost: "asks for more work than this program is willing to do for a passphrase"
        case .wrongPassphrase: "does not open: the passphrase is wrong, or the file is damaged"
        case .derivation(let reason): "cannot be sealed or opened: \(reason)"
        }
    }
}
