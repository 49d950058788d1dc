/// When it is told how far something has come: at most once in an interval, and not before the first is over.
struct ProgressPace {
    /// The least time between two times.
    let interval: Duration
    private var last = Duration.zero

    /// A pace that begins at zero.
    init(interval: Duration) { self.interval = interval }

    /// Whether it is time to tell, so long after the beginning; if so, the next interval begins.
    mutating func isDue(at elapsed: Duration) -> Bool {
        guard elapsed - last >= interval else { return false }
        last = elapsed
        return true
    }
}
