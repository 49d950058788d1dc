import HIDTransport
import Synchronization

/// A clock that can be put forward, stopped and started: what an authenticator of a test lives by.
final class AdjustableClock: Clock {
    /// A moment, as the time since the clock was made.
    struct Instant: InstantProtocol {
        /// The time since the clock was made, as it has shown it.
        var elapsed: Duration

        func advanced(by duration: Duration) -> Instant { Instant(elapsed: elapsed + duration) }
        func duration(to other: Instant) -> Duration { other.elapsed - elapsed }
        static func < (left: Instant, right: Instant) -> Bool { left.elapsed < right.elapsed }
    }

    private struct State {
        /// What it showed when it was last adjusted.
        var shown = Duration.zero
        /// When that was, by the clock behind it; `nil` while it stands still.
        var since: ContinuousClock.Instant?
        /// Whether somebody is putting it forward.
        var isAdvancing = false
        /// Those who are to do so afterwards, in their order.
        var waiting: [CheckedContinuation<Void, Never>] = []
        /// Until when those sleep who do.
        var deadlines: [UInt64: Instant] = [:]
        var lastID: UInt64 = 0
    }

    private let patience: Duration
    private let state: Mutex<State>
    private let changes = ChangeCount()
    /// Counts those who go to sleep and who wake.
    private let sleepers = ChangeCount()
    private let realNow: @Sendable () -> ContinuousClock.Instant
    private let realSleep: @Sendable (Duration) async throws -> Void

    /// A clock that runs.
    ///
    /// - Parameters:
    ///   - real: What moves it while it does.
    ///   - patience: How long what somebody does who was woken may take before the clock goes on, by real time.
    init<Real: Clock>(
        by real: Real = ContinuousClock(), patience: Duration = .milliseconds(100)
    ) where Real.Instant == ContinuousClock.Instant {
        self.patience = patience
        realNow = { real.now }
        realSleep = { try await real.sleep(for: $0) }
        state = Mutex(State(since: real.now))
    }

    var now: Instant { reading.now }
    var minimumResolution: Duration { .zero }

    /// Whether it moves by itself.
    var isRunning: Bool { state.withLock { $0.since != nil } }

    /// How many sleep.
    var sleeperCount: Int { state.withLock(\.deadlines.count) }

    /// Puts it forward.
    ///
    /// Of two who do so at once, the later begins where and when the earlier has ended.
    ///
    /// Those who sleep are woken in the order of their deadlines, and the earlier ones have a moment to tell the later
    /// that they need not wake: a person who answers after 20 seconds is not overtaken by a time-out of 30.
    func advance(by duration: Duration) async {
        await beginAdvance()
        defer { endAdvance() }
        let end = now.advanced(by: max(duration, .zero))
        while let next = step(before: end) {
            put(to: next)
            await settle(after: next)
        }
        put(to: end)
    }

    /// Waits until nobody else puts it forward, cancelled or not: the order in which sleepers wake is everybody's.
    private func beginAdvance() async {
        await withCheckedContinuation { continuation in
            let isFirst = state.withLock { state in
                if state.isAdvancing { state.waiting.append(continuation) }
                defer { state.isAdvancing = true }
                return !state.isAdvancing
            }
            if isFirst { continuation.resume() }
        }
    }

    private func endAdvance() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.isAdvancing = !state.waiting.isEmpty
            return state.isAdvancing ? state.waiting.removeFirst() : nil
        }
        next?.resume()
    }

    /// The earliest deadline that has to be dealt with before others that the clock will pass on its way.
    private func step(before end: Instant) -> Instant? {
        let deadlines = state.withLock { Set($0.deadlines.values) }.filter { $0 <= end }
        return deadlines.count > 1 ? deadlines.min() : nil
    }

    private func put(to instant: Instant) {
        state.withLock { state in
            let now = Instant(elapsed: state.shown + (state.since.map { $0.duration(to: realNow()) } ?? .zero))
            state.shown += max(now.duration(to: instant), .zero)
        }
        changes.increment()
    }

    /// Waits until those are awake who slept until then, and have woken somebody else, or had time to.
    private func settle(after instant: Instant) async {
        while !Task.isCancelled {
            let count = sleepers.count
            guard state.withLock({ $0.deadlines.values.contains { $0 <= instant } }) else { break }
            await sleepers.wait(beyond: count)
        }
        let count = sleepers.count
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [sleepers] in await sleepers.wait(beyond: count) }
            // Cut short, somebody has been woken.
            group.addTask { [patience] in try? await Task.sleep(for: patience) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Stops it, or lets it go on from where it stopped.
    func set(isRunning: Bool) {
        state.withLock { state in
            let real = realNow()
            guard isRunning != (state.since != nil) else { return }
            state.shown += state.since.map { $0.duration(to: real) } ?? .zero
            state.since = isRunning ? real : nil
        }
        changes.increment()
    }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let id = state.withLock { state in
            state.lastID += 1
            state.deadlines[state.lastID] = deadline
            return state.lastID
        }
        sleepers.increment()
        defer {
            // Both at once: who sees that nobody sleeps until then must not be told of it later as of something new.
            state.withLock { state in
                state.deadlines.removeValue(forKey: id)
                sleepers.increment()
            }
        }
        while true {
            let count = changes.count
            let (now, isRunning) = reading
            guard now < deadline else { return }
            await withTaskGroup(of: Void.self) { group in
                group.addTask { [changes] in await changes.wait(beyond: count) }
                if isRunning {
                    // Cut short it has been cancelled, which is looked at below.
                    group.addTask { [realSleep] in try? await realSleep(now.duration(to: deadline)) }
                }
                await group.next()
                group.cancelAll()
            }
            try Task.checkCancellation()
        }
    }

    private var reading: (now: Instant, isRunning: Bool) {
        let real = realNow()
        return state.withLock { state in
            let elapsed = state.shown + (state.since.map { $0.duration(to: real) } ?? .zero)
            return (Instant(elapsed: elapsed), state.since != nil)
        }
    }
}
