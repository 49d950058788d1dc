import TestSupport
import Testing

@testable import AikagiCommands

@Suite(.timeLimit(.minutes(1))) struct AdjustableClockTests {
    private let real = ManualClock()

    @Test("It runs by the real clock, goes forward on demand, and stands still when it is stopped")
    func readings() async {
        let clock = AdjustableClock(by: real)
        #expect(clock.now.elapsed == .zero && clock.isRunning)
        real.advance(by: .seconds(2))
        #expect(clock.now.elapsed == .seconds(2))
        await clock.advance(by: .seconds(10))
        #expect(clock.now.elapsed == .seconds(12))
        clock.set(isRunning: false)
        clock.set(isRunning: false)
        real.advance(by: .seconds(100))
        #expect(clock.now.elapsed == .seconds(12) && !clock.isRunning)
        await clock.advance(by: .seconds(1))
        await clock.advance(by: .seconds(-5))
        #expect(clock.now.elapsed == .seconds(13))
        clock.set(isRunning: true)
        clock.set(isRunning: true)
        real.advance(by: .seconds(1))
        #expect(clock.now.elapsed == .seconds(14))
    }

    @Test("Whoever sleeps is woken by the real clock", arguments: [0, 3])
    func sleepsByRealTime(seconds: Int) async throws {
        let clock = AdjustableClock(by: real)
        await clock.advance(by: .seconds(seconds))
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
            await clock.advance(by: .seconds(4))
            await clock.advance(by: .seconds(1))
            try await group.waitForAll()
        }
        #expect(clock.now == deadline)
    }

    @Test("Put forward past several deadlines it wakes those who sleep in their order", arguments: [true, false])
    func order(isRunning: Bool) async throws {
        let clock = AdjustableClock(by: real)
        clock.set(isRunning: isRunning)
        // The first to wake ends the wait of the others, as an answer ends a time-out.
        for _ in 1...20 {
            let begin = clock.now
            let first = try await withThrowingTaskGroup(of: Int.self) { group in
                for seconds in [30, 20, 40] {
                    group.addTask {
                        try await clock.sleep(until: begin.advanced(by: .seconds(seconds)), tolerance: nil)
                        return seconds
                    }
                }
                while clock.sleeperCount < 3 { await Task.yield() }
                async let advanced: Void = clock.advance(by: .seconds(60))
                let first = try await group.next()
                group.cancelAll()
                await advanced
                return first
            }
            #expect(first == 20)
            #expect(clock.now == begin.advanced(by: .seconds(60)))
            #expect(clock.sleeperCount == 0)
        }
    }

    @Test("Of several who put it forward at once, each does", arguments: [true, false])
    func concurrent(isRunning: Bool) async throws {
        let clock = AdjustableClock(by: real)
        clock.set(isRunning: isRunning)
        try await withThrowingTaskGroup(of: Void.self) { group in
            // Two who sleep make the first of them stop on the way, where the others overtook it.
            for seconds in [1, 2] {
                group.addTask { try await clock.sleep(until: .init(elapsed: .seconds(seconds)), tolerance: nil) }
            }
            while clock.sleeperCount < 2 { await Task.yield() }
            for _ in 0..<5 { group.addTask { await clock.advance(by: .seconds(60)) } }
            try await group.waitForAll()
        }
        #expect(clock.now.elapsed == .seconds(300))
    }

    @Test("Whoever wakes first has time to act, though a second puts it forward meanwhile", arguments: [true, false])
    func concurrentOrder(isRunning: Bool) async throws {
        let clock = AdjustableClock(by: real, patience: .seconds(600))
        clock.set(isRunning: isRunning)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for seconds in [30, 20] {
                group.addTask {
                    try await clock.sleep(until: .init(elapsed: .seconds(seconds)), tolerance: nil)
                    return seconds
                }
            }
            while clock.sleeperCount < 2 { await Task.yield() }
            async let advanced: Void = clock.advance(by: .seconds(60))
            let first = try await group.next()
            #expect(first == 20)
            async let advancedAgain: Void = clock.advance(by: .seconds(60))
            // Time enough for the second to do harm.
            for _ in 0..<1000 { await Task.yield() }
            group.cancelAll()
            var isCancelled = false
            do { _ = try await group.next() } catch is CancellationError { isCancelled = true }
            #expect(isCancelled)
            _ = await (advanced, advancedAgain)
        }
        #expect(clock.now.elapsed == .seconds(120))
        #expect(clock.sleeperCount == 0)
    }

    @Test("Whoever is cancelled while another puts it forward keeps nobody waiting, and has put it forward, too")
    func cancelledAdvance() async throws {
        let clock = AdjustableClock(by: real)
        clock.set(isRunning: false)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<3 { group.addTask { await clock.advance(by: .seconds(60)) } }
            group.cancelAll()
        }
        await clock.advance(by: .seconds(60))
        #expect(clock.now.elapsed == .seconds(240))
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
