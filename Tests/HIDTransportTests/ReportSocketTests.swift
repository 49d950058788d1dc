import CTAPHID
import FoundationEssentials
import Glibc
import Testing

@testable import HIDTransport

@Suite struct ReportSocketTests {
    static func report(_ byte: UInt8) throws -> HIDReport {
        try #require(HIDReport(bytes: [UInt8](repeating: byte, count: HIDReport.byteCount)))
    }

    @Test("Reports pass both ways in order, and closing ends the other side's stream")
    func bothWays() async throws {
        let (one, descriptor) = try ReportSocket.pair()
        let other = ReportSocket(descriptor)
        for byte in 0..<200 as Range<UInt8> { try await one.send(try Self.report(byte)) }
        try await other.send(try Self.report(0xEE))
        one.close()
        var bytes: [UInt8] = []
        for try await report in other.reports { bytes.append(try #require(report.bytes.first)) }
        #expect(bytes == Array(0..<200))
        var answers: [HIDReport] = []
        for try await report in one.reports { answers.append(report) }
        #expect(answers == [try Self.report(0xEE)])
        await #expect(throws: ReportSocketError.closed) { try await other.send(try Self.report(1)) }
    }

    @Test("Bytes that arrive in pieces are put together; half a report at the end is an error")
    func pieces() async throws {
        let (channel, descriptor) = try ReportSocket.pair()
        let bytes = [UInt8](0..<64)
        for piece in [bytes[0..<1], bytes[1..<40], bytes[40..<64], bytes[0..<5]] {
            let piece = Array(piece)
            #expect(write(descriptor.number, piece, piece.count) == piece.count)
        }
        descriptor.shutDown()
        var iterator = channel.reports.makeAsyncIterator()
        #expect(try await iterator.next()?.bytes == bytes)
        await #expect(throws: ReportSocketError.truncatedReport(byteCount: 5)) { try await iterator.next() }
    }

    @Test("A cancelled reader just ends, also while it waits")
    func cancellation() async throws {
        let (one, descriptor) = try ReportSocket.pair()
        let other = ReportSocket(descriptor)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    for try await _ in one.reports {}
                } catch {
                    Issue.record("a cancelled reader just ends: \(error)")
                }
            }
            group.cancelAll()
        }
        one.close()
        var count = 0
        for try await _ in other.reports { count += 1 }
        #expect(count == 0)
    }

    @Test("A listener gives each connection a channel, lets only its owner in, and leaves no file")
    func listening() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "rs-\(UUID())").path
        let listener = try ReportSocketListener(path: path)
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        let first = try ReportSocket.connect(to: path)
        let second = try ReportSocket.connect(to: path)
        let ends = [try await listener.accept(), try await listener.accept()]
        try await first.send(try Self.report(1))
        try await second.send(try Self.report(2))
        for (end, byte) in zip(ends, [1, 2] as [UInt8]) {
            var iterator = end.reports.makeAsyncIterator()
            #expect(try await iterator.next()?.bytes == [UInt8](repeating: byte, count: 64))
        }
        #expect(throws: ReportSocketError.system(call: "bind", errorNumber: EADDRINUSE)) {
            try ReportSocketListener(path: path)
        }
        listener.close()
        #expect(access(path, F_OK) != 0)
        await #expect(throws: ReportSocketError.closed) { try await listener.accept() }
    }

    @Test("Unusable paths are refused", arguments: ["", String(repeating: "x", count: 108), "a\0b"])
    func paths(path: String) {
        #expect(throws: ReportSocketError.unusablePath(path)) { try ReportSocket.connect(to: path) }
    }
}
