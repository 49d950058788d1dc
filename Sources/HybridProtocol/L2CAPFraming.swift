/// How messages are told apart on a Bluetooth LE L2CAP channel (CTAP 2.3 §11.5.1.1.2): each is followed by CR LF.
public enum L2CAPFraming {
    /// The end-of-message marker.
    public static let endOfMessage: [UInt8] = [0x0D, 0x0A]

    /// The bytes to write, at once, for one message.
    public static func frame(_ message: [UInt8]) -> [UInt8] { message + endOfMessage }
}

/// Takes messages out of the byte stream of an L2CAP channel.
///
/// A ciphertext may contain the end-of-message marker, and nothing escapes it. Handshake messages have a known length;
/// where a ciphertext ends is found by trying to open what precedes each marker.
public struct L2CAPReceiver: Sendable {
    /// The longest message taken, in bytes; as long as client platforms take from a tunnel.
    public static let maximumMessageByteCount = 1 << 20

    /// Openings tried in vain before a message is refused.
    ///
    /// A random ciphertext of the greatest length needs about one; the limit keeps a stream of nothing but markers from
    /// costing quadratic time.
    static let maximumFailedOpenings = 64

    private static let minimumCiphertextByteCount = HybridPadding.granularity + NoiseSymmetricState.tagByteCount

    private var buffer: [UInt8] = []
    /// Where to go on looking for a marker.
    private var scanned = 0
    private var failedOpenings = 0

    /// A receiver that has received nothing.
    public init() {}

    /// The number of bytes received and not yet taken; zero when the stream ends regularly.
    public var pendingByteCount: Int { buffer.count }

    /// Adds bytes read from the channel, in pieces of any size.
    ///
    /// - Throws: an error when more waits than the longest message has; take all messages after each piece.
    public mutating func receive(_ bytes: some Collection<UInt8>) throws(L2CAPFramingError) {
        let limit = Self.maximumMessageByteCount + L2CAPFraming.endOfMessage.count
        guard bytes.count <= limit - buffer.count else { throw .messageTooLong }
        buffer += bytes
    }

    /// Takes a handshake message.
    ///
    /// - Returns: 81 bytes; `nil` if they have not all arrived.
    /// - Throws: an error when no marker follows them.
    public mutating func nextHandshakeMessage() throws(L2CAPFramingError) -> [UInt8]? {
        let length = HandshakeMessage.byteCount
        guard buffer.count >= length + L2CAPFraming.endOfMessage.count else { return nil }
        guard buffer[length..<(length + L2CAPFraming.endOfMessage.count)].elementsEqual(L2CAPFraming.endOfMessage)
        else {
            throw .missingEndOfMessage
        }
        defer { drop(length + L2CAPFraming.endOfMessage.count) }
        return Array(buffer.prefix(length))
    }

    /// Takes an encrypted message.
    ///
    /// - Parameter open: opens a ciphertext or returns `nil`; a refused one must not advance the counter, as with
    ///   ``HybridOpener/open(_:)``.
    /// - Returns: what `open` returned; `nil` if no whole message has arrived.
    /// - Throws: an error when too many candidates were refused.
    public mutating func nextMessage<Message>(
        opening open: (_ ciphertext: [UInt8]) -> Message?
    ) throws(L2CAPFramingError) -> Message? {
        while scanned + L2CAPFraming.endOfMessage.count <= buffer.count {
            let end = scanned
            guard buffer[end..<(end + L2CAPFraming.endOfMessage.count)].elementsEqual(L2CAPFraming.endOfMessage) else {
                scanned += 1
                continue
            }
            if Self.isPossibleLength(end) {
                guard failedOpenings < Self.maximumFailedOpenings else { throw .unintelligible }
                if let message = open(Array(buffer.prefix(end))) {
                    drop(end + L2CAPFraming.endOfMessage.count)
                    return message
                }
                failedOpenings += 1
            }
            scanned += 1
        }
        return nil
    }

    /// Whether a ciphertext may be so long: padded to a multiple of 32, or so padded before the type byte, plus the
    /// tag.
    private static func isPossibleLength(_ byteCount: Int) -> Bool {
        byteCount >= minimumCiphertextByteCount
            && (byteCount - NoiseSymmetricState.tagByteCount) % HybridPadding.granularity <= 1
    }

    private mutating func drop(_ count: Int) {
        buffer.removeFirst(min(count, buffer.count))
        scanned = 0
        failedOpenings = 0
    }
}

/// Why the byte stream of an L2CAP channel was refused; the channel is to be closed.
public enum L2CAPFramingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// No end-of-message marker follows a handshake message.
    case missingEndOfMessage
    /// More bytes wait than the longest message has.
    case messageTooLong
    /// Too many candidates for a message could not be opened.
    case unintelligible

    /// A sentence for a developer.
    public var description: String {
        switch self {
        case .missingEndOfMessage: "no end of message follows the handshake message; close the channel"
        case .messageTooLong: "the other device sent a message of more than 1 MiB; close the channel"
        case .unintelligible: "nothing that the other device sent could be decrypted; close the channel"
        }
    }
}
