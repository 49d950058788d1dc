import TestSupport
import Testing

@testable import AikagiCommands

@Suite(.timeLimit(.minutes(1))) struct AdjustableClockTests {
    private let real = ManualClock()

    @Test("It runs by the real clock, goes forward on demand, and stands still when it is stopped")
    func readings() {
        let clock = AdjustableClock(by: real)
        #expect(clock.now.elapsed == .zero && clock.isRunning)
        real.advance(by: .seconds(2))
        #expect(clock.now.elapsed == .seconds(2))
        clock.advance(by: .seconds(10))
        #expect(clock.now.elapsed == .seconds(12))
        clock.set(isRunning: false)
        clock.set(isRunning: false)
        real.advance(by: .seconds(100))
        #expect(clock.now.elapsed == .seconds(12) && !clock.isRunning)
        clock.advance(by: .seconds(1))
        clock.advance(by: .seconds(-5))
        #expect(clock.now.elapsed == .seconds(13))
        clock.set(isRunning: true)
        clock.set(isRunning: true)
        real.advance(by: .seconds(1))
        #expect(clock.now.elapsed == .seconds(14))
    }

    @Test("Whoever sleeps is woken by the real clock", arguments: [0, 3])
    func sleepsByRealTime(seconds: Int) async throws {
        let clock = AdjustableClock(by: real)
        clock.advance(by: .seconds(seconds))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await clock.sleep(for: .seconds(5)) }
            await real.sleepers()
            real.advance(by: .seconds(5))
            try await group.waitForAll()
        }
        #expect(clock.now.elapsed == .seconds(5 + seconds))
    }

    @Test("Whoever sleeps is woken by putting the clock forward, running or stopped", arguments: [true, false])
    func sleepsByAdvance(isRunning: Bool) async throws {
        let clock = AdjustableClock(by: real)
        clock.set(isRunning: isRunning)
        let deadline = clock.now.advanced(by: .seconds(5))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 { group.addTask { try await clock.sleep(until: deadline, tolerance: nil) } }
            clock.advance(by: .seconds(4))
            clock.advance(by: .seconds(1))
            try await group.waitForAll()
        }
        #expect(clock.now == deadline)
    }

    @Test("A stopped clock wakes nobody; once it runs again, it does")
    func stopped() async throws {
        let clock = AdjustableClock(by: real)
        clock.set(isRunning: false)
        let deadline = clock.now.advanced(by: .seconds(5))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await clock.sleep(until: deadline, tolerance: nil) }
            real.advance(by: .seconds(60))
            #expect(clock.now.elapsed == .zero)
            clock.set(isRunning: true)
            await real.sleepers()
            real.advance(by: .seconds(5))
            try await group.waitForAll()
        }
        #expect(clock.now == deadline)
    }

    @Test("A sleep ends with its task")
    func cancelled() async {
        let clock = AdjustableClock(by: real)
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                do { try await clock.sleep(for: .seconds(5)) } catch is CancellationError { return true } catch {}
                return false
            }
            await real.sleepers()
            group.cancelAll()
            #expect(await group.next() == true)
        }
    }
}
