import FoundationEssentials
import Synchronization

/// The time at a portal: the machine's, and what was let pass beyond it, so that nobody has to wait for what expires.
final class PortalClock: Sendable {
    private let ahead = Mutex(0.0)

    /// What time it is at the portal.
    var now: Date { Date().addingTimeInterval(ahead.withLock { $0 }) }

    /// Goes ahead of the machine's time by so much.
    func set(aheadBy duration: Duration) { ahead.withLock { $0 = Double(duration.components.seconds) } }
}
