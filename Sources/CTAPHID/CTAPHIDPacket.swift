/// One CTAPHID packet, the contents of one report (CTAP 2.3 §11.2.4).
///
///     initialization packet   CID(4) ‖ CMD | 80 ‖ BCNT(2) ‖ ≤ 57 bytes of data
///     continuation packet     CID(4) ‖ SEQ 00…7F ‖ ≤ 59 bytes of data
///
/// Numbers are big-endian, the rest of the report is zero.
public enum CTAPHIDPacket: Hashable, Sendable {
    /// The first packet of a message of `byteCount` bytes.
    ///
    /// A parsed packet holds as many data bytes as the message has and the packet can carry.
    case initialization(channel: ChannelID, command: CTAPHIDCommand, byteCount: UInt16, data: [UInt8])
    /// A further packet of a message.
    ///
    /// Which of its bytes are padding only the receiver of the whole message knows, so a parsed packet holds all 59.
    case continuation(channel: ChannelID, sequence: UInt8, data: [UInt8])

    /// The data bytes that an initialization packet can carry: 64 − 7.
    public static let initializationDataCount = 57
    /// The data bytes that a continuation packet can carry: 64 − 5.
    public static let continuationDataCount = 59

    /// The packet in a report; every report holds one.
    public init(_ report: HIDReport) {
        let channel = report.channel
        let kind = report[4]
        if kind & 0x80 == 0 {
            self = .continuation(channel: channel, sequence: kind, data: Array(report.bytes[5...]))
        } else {
            let byteCount = UInt16(report[5]) << 8 | UInt16(report[6])
            let end = 7 + min(Int(byteCount), CTAPHIDPacket.initializationDataCount)
            self = .initialization(
                channel: channel, command: CTAPHIDCommand(rawValue: kind), byteCount: byteCount,
                data: Array(report.bytes[7..<end]))
        }
    }

    /// The channel that the packet belongs to.
    public var channel: ChannelID {
        switch self {
        case .initialization(let channel, _, _, _), .continuation(let channel, _, _): channel
        }
    }

    /// The packet as a report, padded with zeros; data beyond what a packet can carry is left out.
    public var report: HIDReport {
        switch self {
        case .initialization(let channel, let command, let byteCount, let data):
            let header = channel.bytes + [command.rawValue | 0x80, UInt8(byteCount >> 8), UInt8(byteCount & 0xFF)]
            return HIDReport(padding: header + data)
        case .continuation(let channel, let sequence, let data):
            return HIDReport(padding: channel.bytes + [sequence & 0x7F] + data)
        }
    }
}
