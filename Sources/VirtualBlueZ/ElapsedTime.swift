/// The time since a service was made, by a clock of any kind.
struct ElapsedTime: Sendable {
    private let elapsed: @Sendable () -> Duration
    private let wait: @Sendable (Duration) async throws -> Void

    /// Starts now.
    init<C: Clock<Duration>>(_ clock: C) {
        let start = clock.now
        elapsed = { start.duration(to: clock.now) }
        wait = { try await clock.sleep(until: start.advanced(by: $0), tolerance: nil) }
    }

    /// The time since the start.
    var now: Duration { elapsed() }

    /// Sleeps until some time since the start has come.
    ///
    /// - Throws: `CancellationError`.
    func sleep(until moment: Duration) async throws { try await wait(moment) }
}
