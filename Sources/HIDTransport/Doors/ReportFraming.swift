import CTAPHID

/// How reports follow each other in a stream of bytes.
public enum ReportFraming: Sendable {
    /// 64 bytes each, nothing between.
    case bare
    /// Each behind its length, 16 bits, big-endian: 64.
    case lengthPrefixed

    /// The bytes that carry some reports.
    func encode(_ reports: [HIDReport]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(reports.count * (HIDReport.byteCount + 2))
        for report in reports {
            if self == .lengthPrefixed {
                bytes.append(0)
                bytes.append(UInt8(HIDReport.byteCount))
            }
            report.append(to: &bytes)
        }
        return bytes
    }
}

/// Takes a stream of bytes apart.
struct ReportDecoder: Sendable {
    private let framing: ReportFraming
    private var bytes: [UInt8] = []
    private var position = 0

    init(_ framing: ReportFraming) { self.framing = framing }

    /// How many bytes wait for the rest of their report.
    var unfinishedByteCount: Int { bytes.count - position }

    /// Adds what has arrived.
    mutating func append(_ more: [UInt8]) {
        if position == bytes.count {
            bytes = more
        } else {
            bytes.removeFirst(position)
            bytes += more
        }
        position = 0
    }

    /// The next report, if all of it is here.
    ///
    /// A length of 65 is taken, too, if the first byte is the report number 0, which users of hidraw send.
    ///
    /// - Throws: ``ReportSocketError/wrongLength(_:)``; the stream is of no more use then.
    mutating func next() throws(ReportSocketError) -> HIDReport? {
        let rest = bytes[position...]
        switch framing {
        case .bare:
            guard let report = HIDReport(bytes: rest.prefix(HIDReport.byteCount)) else { return nil }
            position += HIDReport.byteCount
            return report
        case .lengthPrefixed:
            guard rest.count >= 2 else { return nil }
            let length = Int(rest[position]) << 8 | Int(rest[position + 1])
            let hasNumber = length == HIDReport.byteCount + 1
            guard hasNumber || length == HIDReport.byteCount else { throw .wrongLength(length) }
            let body = rest.dropFirst(2).prefix(length)
            guard body.count == length else { return nil }
            guard !hasNumber || body.first == 0, let report = HIDReport(bytes: body.suffix(HIDReport.byteCount)) else {
                throw .wrongLength(length)
            }
            position += 2 + length
            return report
        }
    }
}
