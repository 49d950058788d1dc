public import Crypto
import FoundationEssentials

/// The encryption of the messages after the handshake, both directions (CTAP 2.3 §11.5.1.2).
///
/// The two directions are independent; take ``sealer`` and ``opener`` apart where different tasks send and receive.
public struct HybridTransportCipher: Sendable {
    /// Encrypts what this side sends.
    public var sealer: HybridSealer
    /// Decrypts what this side receives.
    public var opener: HybridOpener

    /// The encryption with a key per direction, 32 bytes each.
    public init(sendKey: SymmetricKey, receiveKey: SymmetricKey) {
        sealer = HybridSealer(key: sendKey)
        opener = HybridOpener(key: receiveKey)
    }

    /// Encrypts the next message to the peer.
    public mutating func seal(_ message: [UInt8]) throws(HybridCipherError) -> [UInt8] { try sealer.seal(message) }

    /// Decrypts the next message of the peer; a refused one does not count.
    public mutating func open(_ ciphertext: [UInt8]) throws(HybridCipherError) -> [UInt8] {
        try opener.open(ciphertext)
    }
}

/// Encrypts one direction: AES-256-GCM over the padded message, with a nonce that counts messages (CTAP 2.3 §11.5.1.2).
public struct HybridSealer: Sendable {
    private let key: SymmetricKey
    private var counter = MessageCounter()

    /// A direction whose next message is the first.
    ///
    /// - Parameter key: 32 bytes.
    public init(key: SymmetricKey) { self.key = key }

    init(key: SymmetricKey, counter: UInt32) {
        self.key = key
        self.counter = MessageCounter(value: counter)
    }

    /// Encrypts the next message.
    ///
    /// - Throws: an error after 2²⁴ messages, or when the cryptographic library refuses.
    public mutating func seal(_ message: [UInt8]) throws(HybridCipherError) -> [UInt8] {
        let nonce = try counter.nonce
        let sealed: [UInt8]
        do {
            let box = try AES.GCM.seal(HybridPadding.pad(message), using: key, nonce: try AES.GCM.Nonce(data: nonce))
            sealed = Array(box.ciphertext) + Array(box.tag)
        } catch {
            throw .encryptionFailed
        }
        counter.advance()
        return sealed
    }
}

/// Decrypts one direction, the counterpart of ``HybridSealer``.
public struct HybridOpener: Sendable {
    private let key: SymmetricKey
    private var counter = MessageCounter()

    /// A direction whose next message is the first.
    ///
    /// - Parameter key: 32 bytes.
    public init(key: SymmetricKey) { self.key = key }

    init(key: SymmetricKey, counter: UInt32) {
        self.key = key
        self.counter = MessageCounter(value: counter)
    }

    /// Decrypts the next message.
    ///
    /// A refused ciphertext does not advance the counter, so that a receiver that cannot tell where a message ends may
    /// try.
    ///
    /// - Throws: an error when the ciphertext is not the peer's next message, or after 2²⁴ messages.
    public mutating func open(_ ciphertext: [UInt8]) throws(HybridCipherError) -> [UInt8] {
        let nonce = try counter.nonce
        let tagByteCount = NoiseSymmetricState.tagByteCount
        guard ciphertext.count > tagByteCount else { throw .tooShort }
        let padded: [UInt8]
        do {
            let box = try AES.GCM.SealedBox(
                nonce: try AES.GCM.Nonce(data: nonce), ciphertext: ciphertext.dropLast(tagByteCount),
                tag: ciphertext.suffix(tagByteCount))
            padded = Array(try AES.GCM.open(box, using: key))
        } catch {
            throw .authenticationFailed
        }
        guard let message = HybridPadding.unpad(padded) else { throw .invalidPadding }
        counter.advance()
        return message
    }
}

extension HybridTransportCipher: CustomStringConvertible {
    /// Nothing of the keys.
    public var description: String { "hybrid transport cipher (keys withheld)" }
}

extension HybridSealer: CustomStringConvertible {
    /// Nothing of the key.
    public var description: String { "hybrid sealer (key withheld)" }
}

extension HybridOpener: CustomStringConvertible {
    /// Nothing of the key.
    public var description: String { "hybrid opener (key withheld)" }
}

/// The number of the next message in one direction.
struct MessageCounter: Sendable {
    /// The last number that may be used.
    static let maximum: UInt32 = 1 << 24 - 1

    private(set) var value: UInt32 = 0

    /// Eight zero bytes and the number, big-endian.
    var nonce: [UInt8] {
        get throws(HybridCipherError) {
            guard value <= Self.maximum else { throw .exhausted }
            return [UInt8](repeating: 0, count: 8)
                + stride(from: UInt32(24), through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> $0) }
        }
    }

    /// Goes on to the next number; it stays above the maximum once there.
    mutating func advance() {
        if value <= Self.maximum { value += 1 }
    }
}

/// Why a message was not encrypted or decrypted; the connection is to be closed.
public enum HybridCipherError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The ciphertext has no more than a tag.
    case tooShort
    /// The ciphertext is not the peer's next message.
    case authenticationFailed
    /// The decrypted message has no valid padding.
    case invalidPadding
    /// The direction has carried 2²⁴ messages, the most that its key may.
    case exhausted
    /// The cryptographic library refused to encrypt.
    case encryptionFailed

    /// A sentence for a user.
    public var description: String {
        switch self {
        case .tooShort: "the other device sent a message too short to be encrypted; start over"
        case .authenticationFailed: "a message of the other device could not be decrypted; start over"
        case .invalidPadding: "a message of the other device is padded wrongly; start over"
        case .exhausted: "the connection has carried as many messages as its keys may; start over"
        case .encryptionFailed: "the message could not be encrypted; check the cryptographic library"
        }
    }
}
