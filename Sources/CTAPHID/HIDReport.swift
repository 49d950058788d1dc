/// One HID report of the FIDO interface: always exactly 64 bytes, without the report number that hidraw prepends.
///
/// CTAP 2.3 §11.2.8.1: both interrupt endpoints carry 64-byte reports.
public struct HIDReport: Hashable, Sendable {
    /// The size of every report, in bytes.
    public static let byteCount = 64

    /// The 64 bytes.
    public let bytes: [UInt8]

    /// A report of exactly 64 bytes.
    ///
    /// - Returns: `nil` for any other number of bytes.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == HIDReport.byteCount else { return nil }
        self.bytes = Array(bytes)
    }

    /// The channel in its first four bytes.
    public var channel: ChannelID { ChannelID(bytes: bytes) }

    /// Whether a message begins and ends in it, as far as its header tells.
    public var holdsWholeMessage: Bool {
        bytes[4] & 0x80 != 0 && bytes[5] == 0 && bytes[6] <= CTAPHIDPacket.initializationDataCount
    }

    /// A report that begins with the given bytes; what is missing to 64 is zero, what is more is left out.
    init(padding bytes: [UInt8], _ more: ArraySlice<UInt8> = []) {
        var report = [UInt8](repeating: 0, count: HIDReport.byteCount)
        unsafe report.withUnsafeMutableBufferPointer { report in
            let (_, end) = unsafe report.update(from: bytes.prefix(HIDReport.byteCount))
            _ = unsafe UnsafeMutableBufferPointer(rebasing: report[end...])
                .update(from: more.prefix(HIDReport.byteCount - end))
        }
        self.bytes = report
    }
}
