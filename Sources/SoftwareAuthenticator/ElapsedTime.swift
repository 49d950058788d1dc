/// A clock of any kind, as far as an authenticator needs one: how long ago its power came on, and waiting.
struct ElapsedTime: Sendable {
    /// The time since this value was made.
    let now: @Sendable () -> Duration
    /// Waits; throws when the task is cancelled.
    let sleep: @Sendable (Duration) async throws -> Void

    init(_ clock: some Clock<Duration>) {
        let start = clock.now
        now = { start.duration(to: clock.now) }
        sleep = { try await clock.sleep(for: $0) }
    }
}
