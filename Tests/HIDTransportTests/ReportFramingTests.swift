import CTAPHID
import TestSupport
import Testing

@testable import HIDTransport

@Suite struct ReportFramingTests {
    static func report(_ byte: UInt8) throws -> HIDReport {
        try #require(HIDReport(bytes: [UInt8](repeating: byte, count: HIDReport.byteCount)))
    }

    /// Lets a decoder take everything in pieces of one size.
    private func decode(
        _ bytes: [UInt8], pieces: Int, _ framing: ReportFraming
    ) throws(ReportSocketError) -> [HIDReport] {
        var decoder = ReportDecoder(framing)
        var reports: [HIDReport] = []
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            decoder.append(Array(bytes[start..<min(start + pieces, bytes.count)]))
            while let report = try decoder.next() { reports.append(report) }
        }
        return reports
    }

    @Test(
        "Reports pass a stream whatever pieces it arrives in", arguments: [ReportFraming.bare, .lengthPrefixed],
        [1, 2, 3, 63, 64, 65, 66, 67, 1000])
    func roundTrip(framing: ReportFraming, pieces: Int) throws {
        let reports = try (1...20 as ClosedRange<UInt8>).map(ReportFramingTests.report)
        let bytes = framing.encode(reports)
        #expect(bytes.count == reports.count * (framing == .bare ? 64 : 66))
        #expect(try decode(bytes, pieces: pieces, framing) == reports)
    }

    @Test("The prefix is the length, 16 bits, big-endian")
    func prefix() throws {
        let bytes = ReportFraming.lengthPrefixed.encode([try ReportFramingTests.report(7)])
        #expect(Array(bytes.prefix(4)) == [0x00, 0x40, 7, 7])
    }

    @Test("A report with the report number 0 in front is taken, one with another number is not", arguments: [0, 1])
    func reportNumber(number: UInt8) throws {
        let report = try ReportFramingTests.report(7)
        let bytes = [0x00, 0x41, number] + report.bytes
        if number == 0 {
            #expect(try decode(bytes, pieces: 10, .lengthPrefixed) == [report])
        } else {
            #expect(throws: ReportSocketError.wrongLength(65)) { try decode(bytes, pieces: 10, .lengthPrefixed) }
        }
    }

    @Test("A length that no report has is refused as soon as it is there", arguments: [0, 1, 63, 66, 0x4000, 0xFFFF])
    func wrongLength(length: Int) {
        let bytes = [UInt8(length >> 8), UInt8(length & 0xFF)]
        #expect(throws: ReportSocketError.wrongLength(length)) { try decode(bytes, pieces: 2, .lengthPrefixed) }
    }

    @Test("What is unfinished at the end is counted")
    func unfinished() throws {
        var decoder = ReportDecoder(.bare)
        decoder.append([UInt8](repeating: 1, count: 70))
        #expect(decoder.unfinishedByteCount == 70)
        #expect(try decoder.next() != nil)
        #expect(try decoder.next() == nil)
        #expect(decoder.unfinishedByteCount == 6)
    }
}

@Suite struct TerminalReportsTests {
    @Test("What a program has left half written does not shift what the next one begins with", arguments: 0...66)
    func begin(leftover: Int) {
        var reports = TerminalReports()
        reports.append([1, 2, 3])
        reports.begin([UInt8](repeating: 0, count: leftover) + [0] + [UInt8](repeating: 7, count: 64))
        var first: [UInt8?] = []
        while let report = reports.next() { first.append(report.bytes.first) }
        // Of 63 bytes and 65 more nobody can tell that they are not two reports without number.
        #expect(first == (leftover == 63 ? [0, 7] : [7]))
    }

    private func numbered(_ bytes: ClosedRange<UInt8>) -> [UInt8] {
        bytes.flatMap { [0] + [UInt8](repeating: $0, count: 64) }
    }

    private func take(_ reads: [[UInt8]]) -> [UInt8?] {
        var reports = TerminalReports()
        for read in reads { reports.append(read) }
        var first: [UInt8?] = []
        while let report = reports.next() { first.append(report.bytes.first) }
        return first
    }

    @Test("Reports with their number, one or several in a read")
    func numbered() {
        #expect(take([numbered(1...1), numbered(2...5)]) == [1, 2, 3, 4, 5])
    }

    @Test("Reports without a number")
    func bare() {
        #expect(take([[UInt8](repeating: 9, count: 64), [UInt8](repeating: 8, count: 128)]) == [9, 8, 8])
    }

    @Test("A read may end within a report", arguments: [1, 30, 66, 100, 190])
    func split(position: Int) {
        let bytes = numbered(1...3)
        #expect(take([Array(bytes[..<position]), Array(bytes[position...])]) == [1, 2, 3])
    }

    @Test("What a killed program has left does not shift the next one's reports", arguments: [1, 30, 63])
    func leftover(byteCount: Int) {
        #expect(take([[UInt8](repeating: 0, count: byteCount), numbered(1...2), numbered(3...3)]) == [1, 2, 3])
    }

    @Test("Garbage is dropped as it comes")
    func garbage() {
        #expect(take([[UInt8](repeating: 0xAB, count: 100), numbered(1...2)]) == [1, 2])
    }

    @Test("Any reads at all leave it able to take a report", arguments: 0..<20)
    func fuzz(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var reports = TerminalReports()
        for _ in 0..<200 {
            reports.append(generator.bytes(Int(generator.next() % 300) + 1))
            while reports.next() != nil {}
        }
        reports.append(numbered(1...1))
        #expect(reports.next()?.bytes.first == 1)
    }
}

@Suite struct ChannelUsersTests {
    private func report(on channel: UInt32) throws -> HIDReport {
        let message = try CTAPHIDMessage(command: .ping, bytes: [])
        return try #require(message.reports(on: ChannelID(rawValue: channel)).first)
    }

    @Test("Whoever used a channel last gets what is said on it; the ones silent longest are forgotten")
    func users() throws {
        var users = ChannelUsers<String>(limit: 2)
        users.note("a", on: ChannelID(rawValue: 1))
        users.note("b", on: ChannelID(rawValue: 2))
        users.note("c", on: ChannelID(rawValue: 1))
        #expect(users.user(toldBy: try report(on: 1)) == "c")
        #expect(users.user(toldBy: try report(on: 2)) == "b")
        #expect(users.user(toldBy: try report(on: 3)) == nil)
        users.note("d", on: ChannelID(rawValue: 3))
        #expect(users.user(toldBy: try report(on: 1)) == "c")
        #expect(users.user(toldBy: try report(on: 2)) == nil)
        #expect(users.user(toldBy: try report(on: 3)) == "d")
    }
}
