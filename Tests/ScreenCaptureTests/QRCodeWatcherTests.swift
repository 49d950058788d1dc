import Synchronization
import TestSupport
import Testing

@testable import ScreenCapture

@Suite(.timeLimit(.minutes(1))) struct QRCodeWatcherTests {
    static let one = "FIDO:/0123456789012345678901234567890123456789"
    static let other = "FIDO:/9876543210987654321098765432109876543210"

    /// Lets somebody watch a screen that shows one thing after the other, a look each, and gives what was found.
    private func found(_ dumps: [[UInt8]]) async throws -> [[String]] {
        let (clock, screen) = (ManualClock(), FakeScreen(dumps.first ?? []))
        let texts = Mutex<[String]>([])
        let watcher = QRCodeWatcher(screen: screen, interval: .milliseconds(20), clock: clock)
        let task = Task { try await watcher.run { code in texts.withLock { $0.append(code.text) } } }
        var found: [[String]] = []
        for (number, dump) in dumps.enumerated() {
            if number > 0 {
                screen.show(dump)
                // After a code it sleeps for ten intervals.
                clock.advance(by: .milliseconds(200))
            }
            await clock.sleepers()
            found.append(
                texts.withLock { texts in
                    defer { texts = [] }; return texts
                })
            #expect(screen.lookCount == number + 1)
        }
        task.cancel()
        try await task.value
        return found
    }

    @Test("A code is reported when it appears, once for as long as it is there")
    func appearing() async throws {
        let code = try WindowDump.of(Self.one)
        #expect(
            try await found([WindowDump.empty(), code, code, WindowDump.empty(), WindowDump.empty(7)])
                == [[], [Self.one], [], [], []])
    }

    @Test("A code that is there from the start, moves or is joined by another is no new one")
    func moving() async throws {
        let (one, both) = (try WindowDump.of(Self.one), try WindowDump.of([Self.one, Self.other]))
        let swapped = try WindowDump.of([Self.other, Self.one])
        #expect(try await found([one, both, swapped, one]) == [[Self.one], [Self.other], [], []])
    }

    @Test("A code that goes and comes again is reported again")
    func again() async throws {
        let (one, other) = (try WindowDump.of(Self.one), try WindowDump.of(Self.other))
        #expect(
            try await found([one, WindowDump.empty(), one, other, one])
                == [[Self.one], [], [Self.one], [Self.other], [Self.one]])
    }

    @Test("A screen that is being drawn, or is none, shows nothing")
    func damaged() async throws {
        let code = try WindowDump.of(Self.one)
        #expect(
            try await found([[], Array(code.prefix(1000)), [1, 2, 3], code]) == [[], [], [], [Self.one]])
    }

    @Test("A screen that cannot be looked at any more ends the watching with its reason")
    func failure() async throws {
        let (clock, screen) = (ManualClock(), FakeScreen(WindowDump.empty()))
        let task = Task { try await QRCodeWatcher(screen: screen, clock: clock).run { _ in } }
        await clock.sleepers()
        screen.fail(.noImage(":9"))
        clock.advance(by: .seconds(1))
        await #expect(throws: ScreenError.noImage(":9")) { try await task.value }
    }

    @Test("Between two looks it sleeps for the interval")
    func interval() async throws {
        let (clock, screen) = (ManualClock(), FakeScreen(WindowDump.empty()))
        let watcher = QRCodeWatcher(screen: screen, interval: .seconds(2), clock: clock)
        let task = Task { try await watcher.run { _ in } }
        await clock.sleepers()
        clock.advance(by: .milliseconds(1999))
        #expect(screen.lookCount == 1)
        clock.advance(by: .milliseconds(1))
        await clock.sleepers()
        #expect(screen.lookCount == 2)
        task.cancel()
        try await task.value
    }
}
