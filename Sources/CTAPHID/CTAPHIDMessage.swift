/// One CTAPHID message: a command and its bytes, whole.
public struct CTAPHIDMessage: Hashable, Sendable {
    /// The most bytes that one initialization and 128 continuation packets can carry: 57 + 128 · 59.
    public static let maximumByteCount = 7609

    /// The command.
    public let command: CTAPHIDCommand
    /// The payload, 0 to 7609 bytes.
    public let bytes: [UInt8]

    /// A message.
    ///
    /// - Throws: ``CTAPHIDError/messageTooLong(byteCount:)`` for more than 7609 bytes.
    public init(command: CTAPHIDCommand, bytes: [UInt8]) throws(CTAPHIDError) {
        guard bytes.count <= CTAPHIDMessage.maximumByteCount else {
            throw .messageTooLong(byteCount: bytes.count)
        }
        self.init(command: command, shortBytes: bytes)
    }

    /// A message whose size is known to be in range.
    init(command: CTAPHIDCommand, shortBytes bytes: [UInt8]) {
        self.command = command
        self.bytes = bytes
    }

    /// The reports that carry the message on a channel, in order.
    public func reports(on channel: ChannelID) -> [HIDReport] {
        let channel = channel.bytes
        let byteCount = UInt16(truncatingIfNeeded: bytes.count)
        let head = channel + [command.rawValue | 0x80, UInt8(byteCount >> 8), UInt8(byteCount & 0xFF)]
        var reports: [HIDReport] = []
        reports.reserveCapacity(2 + bytes.count / CTAPHIDPacket.continuationDataCount)
        reports.append(HIDReport(padding: head, bytes.prefix(CTAPHIDPacket.initializationDataCount)))
        var rest = bytes.dropFirst(CTAPHIDPacket.initializationDataCount)
        var continuation = channel + [0]
        while !rest.isEmpty {
            let data = rest.prefix(CTAPHIDPacket.continuationDataCount)
            reports.append(HIDReport(padding: continuation, data))
            rest = rest.dropFirst(data.count)
            continuation[4] &+= 1
        }
        return reports
    }
}

/// Why something could not be said in CTAPHID, or what a device said was not CTAPHID.
public enum CTAPHIDError: Error, Hashable, Sendable {
    /// A message has more than 7609 bytes, or more than the receiver takes.
    case messageTooLong(byteCount: Int)
    /// The nonce of an INIT request must have eight bytes.
    case nonceNotEightBytes
    /// The channel has not been opened.
    case notOpen
    /// A request is still being answered.
    case requestInProgress
    /// The device answered with CTAPHID_ERROR.
    case device(CTAPHIDErrorCode)
    /// The device answered with another command than the one it was sent.
    case unexpectedCommand(CTAPHIDCommand)
    /// A continuation packet is missing, or came twice.
    case unexpectedSequence(UInt8)
    /// An INIT, KEEPALIVE or ERROR message has the wrong size.
    case malformedReply
    /// The device said nothing for too long.
    case timedOut
}

extension CTAPHIDError: CustomStringConvertible {
    /// A sentence for a developer.
    public var description: String {
        switch self {
        case .messageTooLong(let count): "a CTAPHID message of \(count) bytes is too long; send at most 7609"
        case .nonceNotEightBytes: "the nonce of CTAPHID_INIT must have exactly 8 bytes"
        case .notOpen: "the CTAPHID channel is not open; send CTAPHID_INIT first"
        case .requestInProgress: "the device still answers a request; wait for it or cancel it"
        case .device(let code): "the device answered \(code)"
        case .unexpectedCommand(let command):
            "the device answered with command 0x\(String(command.rawValue, radix: 16)) instead of the one it was sent"
        case .unexpectedSequence(let sequence):
            "the device sent continuation packet \(sequence) out of order; open the channel again"
        case .malformedReply: "the device sent a reply of the wrong size; open the channel again"
        case .timedOut: "the device does not answer; unplug it and try again"
        }
    }
}
