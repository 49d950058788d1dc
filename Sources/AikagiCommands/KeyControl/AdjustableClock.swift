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
    }

    private let state: Mutex<State>
    private let changes = ChangeCount()
    private let realNow: @Sendable () -> ContinuousClock.Instant
    private let realSleep: @Sendable (Duration) async throws -> Void

    /// A clock that runs.
    ///
    /// - Parameter real: What moves it while it does.
    init<Real: Clock>(by real: Real = ContinuousClock()) where Real.Instant == ContinuousClock.Instant {
        realNow = { real.now }
        realSleep = { try await real.sleep(for: $0) }
        state = Mutex(State(since: real.now))
    }

    var now: Instant { reading.now }
    var minimumResolution: Duration { .zero }

    /// Whether it moves by itself.
    var isRunning: Bool { state.withLock { $0.since != nil } }

    /// Puts it forward.
    func advance(by duration: Duration) {
        state.withLock { $0.shown += max(duration, .zero) }
        changes.increment()
    }

    /// Stops it, or lets it go on from where it stopped.
    func set(isRunning: Bool) {
        let real = realNow()
        state.withLock { state in
            guard isRunning != (state.since != nil) else { return }
            state.shown += state.since.map { $0.duration(to: real) } ?? .zero
            state.since = isRunning ? real : nil
        }
        changes.increment()
    }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
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
