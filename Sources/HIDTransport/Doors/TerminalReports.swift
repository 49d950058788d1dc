import CTAPHID

/// Takes what programs write to a terminal apart into reports.
///
/// A program writes each report in one go, 65 bytes with the report number 0 in front, as to hidraw, or 64 without it.
/// What a program that was killed has left over must not shift the reports of the next, so reads that hold whole
/// reports are taken as such, whatever came before.
struct TerminalReports: Sendable {
    private static let numberedByteCount = HIDReport.byteCount + 1
    private var unfinished: [UInt8] = []
    private var reports: [HIDReport] = []

    /// Takes what one call of `read` gave.
    mutating func append(_ bytes: [UInt8]) {
        if let numbered = TerminalReports.numbered(bytes) {
            unfinished = []
            reports += numbered
        } else if unfinished.isEmpty, bytes.count % HIDReport.byteCount == 0 {
            reports += TerminalReports.pieces(bytes, byteCount: HIDReport.byteCount).compactMap(HIDReport.init(bytes:))
        } else {
            // A read may end within a report when very many have been written.
            unfinished += bytes
            let whole = unfinished.count / TerminalReports.numberedByteCount * TerminalReports.numberedByteCount
            guard let numbered = TerminalReports.numbered(Array(unfinished[..<whole])) else {
                unfinished = []
                return
            }
            reports += numbered
            unfinished.removeFirst(whole)
        }
    }

    /// Takes what was read when one program has left and another has come, perhaps written by both.
    ///
    /// A program begins with one report and waits for its answer; what is before that is the other one's.
    mutating func begin(_ bytes: [UInt8]) {
        reset()
        append(bytes.count % HIDReport.byteCount == 0 ? bytes : Array(bytes.suffix(TerminalReports.numberedByteCount)))
    }

    /// Forgets everything.
    mutating func reset() { self = TerminalReports() }

    /// The next report.
    mutating func next() -> HIDReport? { reports.isEmpty ? nil : reports.removeFirst() }

    /// The reports in bytes that consist of nothing but reports with a number.
    private static func numbered(_ bytes: [UInt8]) -> [HIDReport]? {
        guard bytes.count % numberedByteCount == 0 else { return nil }
        let pieces = pieces(bytes, byteCount: numberedByteCount)
        guard pieces.allSatisfy({ $0.first == 0 }) else { return nil }
        return pieces.compactMap { HIDReport(bytes: $0.dropFirst()) }
    }

    private static func pieces(_ bytes: [UInt8], byteCount: Int) -> [ArraySlice<UInt8>] {
        stride(from: 0, to: bytes.count, by: byteCount).map { bytes[$0..<min($0 + byteCount, bytes.count)] }
    }
}
