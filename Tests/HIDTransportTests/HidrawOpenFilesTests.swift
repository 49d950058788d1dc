import CTAPHID
import Testing

@testable import HIDTransport

@Suite struct HidrawOpenFilesTests {
    typealias Files = HidrawOpenFiles<String, Int>

    static func report(_ number: Int) throws -> HIDReport {
        try #require(
            HIDReport(bytes: [UInt8(number & 0xFF), UInt8(number >> 8)] + [UInt8](repeating: 0, count: 62)))
    }

    /// Reads a file, and compares.
    static func expect(
        _ number: Int?, from files: inout Files, _ handle: UInt64, at location: SourceLocation = #_sourceLocation
    ) throws {
        let report = files.nextReport(of: handle)
        let expected = try number.map { try Self.report($0) }
        #expect(report == expected, sourceLocation: location)
    }

    @Test("Every open file gets every report, but none from before it was opened")
    func broadcast() throws {
        var files = Files()
        let first = files.open()
        _ = files.deliver(try Self.report(1))
        let second = files.open()
        _ = files.deliver(try Self.report(2))
        try Self.expect(1, from: &files, first)
        try Self.expect(2, from: &files, first)
        try Self.expect(nil, from: &files, first)
        try Self.expect(2, from: &files, second)
        #expect(!files.isReadable(second))
    }

    @Test("Who waits is served first come, first served, and nothing is queued besides")
    func waiting() throws {
        var files = Files()
        let handle = files.open()
        let isWaiting = [files.wait("a", id: 1, for: handle), files.wait("b", id: 2, for: handle)]
        #expect(isWaiting == [true, true])
        guard case .answer("a", _)? = files.deliver(try Self.report(1)).first else {
            Issue.record("the first reader was not served")
            return
        }
        #expect(!files.isReadable(handle))
        let withdrawn = [files.withdraw(id: 1), files.withdraw(id: 2), files.withdraw(id: 2)]
        #expect(withdrawn == [nil, "b", nil])
    }

    @Test("A poll is told once")
    func watching() throws {
        var files = Files()
        let handle = files.open()
        let replaced = [files.watch(7, for: handle), files.watch(8, for: handle)]
        #expect(replaced == [nil, 7])
        guard case .notify(8)? = files.deliver(try Self.report(1)).first else {
            Issue.record("the poll was not told")
            return
        }
        let actions = files.deliver(try Self.report(2))
        #expect(actions.isEmpty)
        #expect(files.isReadable(handle))
    }

    @Test("A file that does not read keeps the first 512 reports and loses the rest")
    func overflow() throws {
        var files = Files()
        let handle = files.open()
        for number in 0..<600 { _ = files.deliver(try Self.report(number)) }
        for number in 0..<512 { try Self.expect(number, from: &files, handle) }
        try Self.expect(nil, from: &files, handle)
        _ = files.deliver(try Self.report(600))
        try Self.expect(600, from: &files, handle)
    }

    @Test("Closing gives back who waits; what is not open is refused")
    func releasing() {
        var files = Files()
        let handle = files.open()
        _ = files.wait("a", id: 1, for: handle)
        _ = files.watch(7, for: handle)
        let (readers, watch) = files.release(handle)
        #expect(readers == ["a"])
        #expect(watch == 7)
        #expect(files.count == 0)
        let isWaiting = files.wait("b", id: 2, for: handle)
        let refused = files.watch(9, for: handle)
        let again = files.release(handle).readers
        #expect(!isWaiting)
        #expect(refused == 9)
        #expect(again.isEmpty)
    }
}
