/// Puts the messages of a tunnel together from WebSocket frames and refuses what is no message of a tunnel.
///
/// One protocol message is one binary WebSocket message that is not empty; it may come in fragments (CTAP 2.3 §11.5.1.1.1,
/// RFC 6455 §5.4). Control frames are not for this type.
package struct TunnelMessageAssembler: Sendable {
    /// The longest message that client platforms accept: 1 MiB.
    package static let usualMaximumByteCount = 1 << 20

    private let maximumByteCount: Int
    private var fragments: [UInt8]?

    /// An assembler of messages up to some length.
    package init(maximumByteCount: Int) { self.maximumByteCount = maximumByteCount }

    /// Takes the next data frame.
    ///
    /// - Parameters:
    ///   - opcode: 0 for a continuation, 1 for text, 2 for binary.
    ///   - isFinal: whether the frame ends its message.
    ///   - payload: the unmasked payload.
    /// - Returns: the message when it is complete.
    package mutating func receive(
        opcode: UInt8, isFinal: Bool, payload: [UInt8]
    ) throws(TunnelMessageViolation) -> [UInt8]? {
        var message: [UInt8]
        switch (opcode, fragments) {
        case (0, let begun?): message = begun
        case (2, nil): message = []
        case (1, nil): throw .text
        case (0...2, _): throw .fragmentOutOfOrder
        default: throw .unknownOpcode(opcode)
        }
        fragments = nil  // the only reference is now `message`, so that appending does not copy
        guard payload.count <= maximumByteCount - message.count else {
            throw .tooLong(maximumByteCount: maximumByteCount)
        }
        message += payload
        guard isFinal else {
            fragments = message
            return nil
        }
        guard !message.isEmpty else { throw .empty }
        return message
    }
}

/// Why a peer's WebSocket frame cannot be part of a tunnel's messages.
package enum TunnelMessageViolation: Error, Hashable, Sendable, CustomStringConvertible {
    /// A text message.
    case text
    /// A message without bytes.
    case empty
    /// A message that is longer than the limit.
    case tooLong(maximumByteCount: Int)
    /// A continuation of nothing, or a new message within the fragments of another.
    case fragmentOutOfOrder
    /// An opcode that RFC 6455 does not define.
    case unknownOpcode(UInt8)
    /// A frame that is masked when it must not be, or is not when it must; or that uses reserved bits.
    case malformedFrame

    /// The WebSocket close code that tells the peer (RFC 6455 §7.4.1).
    package var closeCode: UInt16 {
        switch self {
        case .text: 1003
        case .tooLong: 1009
        case .empty, .fragmentOutOfOrder, .unknownOpcode, .malformedFrame: 1002
        }
    }

    /// What is wrong, short enough for the reason of a close frame.
    package var description: String {
        switch self {
        case .text: "a tunnel carries binary messages, not text"
        case .empty: "a message must not be empty"
        case .tooLong(let maximum): "a message is longer than \(maximum) bytes"
        case .fragmentOutOfOrder: "a fragment is out of order"
        case .unknownOpcode(let opcode): "opcode \(opcode) is not defined"
        case .malformedFrame: "a frame breaks RFC 6455"
        }
    }
}
