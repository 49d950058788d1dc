/// Decides whether a thread that has nothing to do stays awake for a moment before it sleeps.
///
/// A client that asks again and again sends its next request within microseconds of an answer. Who is still awake then
/// answers it sooner, by what it costs to be woken on another core: more than the answer itself. But a thread that stays
/// awake for nothing keeps its core from others, the client perhaps. So each vain time makes the next attempt rarer, by
/// half, down to one in 1024; one that was worth it makes the next wait an attempt as well.
struct Vigil: Sendable {
    /// How long to stay awake: a client in Python pauses for 25 µs between an answer and its next request, and where another
    /// core is slow to wake, as in a virtual machine, for 100 µs and more.
    static let duration: Duration = .microseconds(200)

    private static let highestLevel = 10
    private var level = 0
    private var skips = 0

    /// Whether this wait begins awake; to be followed by ``ended(byEvent:)`` if it does.
    mutating func begins() -> Bool {
        guard skips > 0 else { return true }
        skips -= 1
        return false
    }

    /// Tells whether something happened before the time was up.
    mutating func ended(byEvent: Bool) {
        level = byEvent ? 0 : min(level + 1, Vigil.highestLevel)
        skips = (1 << level) - 1
    }
}
