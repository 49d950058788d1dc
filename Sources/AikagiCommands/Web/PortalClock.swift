import ArgumentParser
import Foundation
import Portal
import Synchronization

/// The time at a portal: the machine's, and what was let pass beyond it, so that nobody has to wait for what expires.
final class PortalClock: Sendable {
    private let ahead = Mutex(0.0)

    /// What time it is at the portal.
    var now: Date { Date().addingTimeInterval(ahead.withLock { $0 }) }

    /// Goes ahead of the machine's time by so much.
    func set(aheadBy duration: Duration) { ahead.withLock { $0 = Double(duration.components.seconds) } }
}

/// A portal's clock in the hand of whoever tests it.
struct PortalClockOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "For tests of what expires: the seconds in this file, if there are any, are added to the clock.",
            discussion: "It is read whenever the time matters: `echo 90000 > FILE` lets 25 hours pass.",
            valueName: "file"))
    var clockOffsetFile: String?

    /// Puts the clock into a configuration.
    func apply(to configuration: inout PortalConfiguration) {
        guard let path = clockOffsetFile else { return }
        configuration.clock = { Date().addingTimeInterval(PortalClockOptions.offset(in: path)) }
    }

    /// The number in a file, in seconds; 0 where there is none, and never more than ten years.
    static func offset(in path: String) -> TimeInterval {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8),
            let seconds = TimeInterval(text.trimmingCharacters(in: .whitespacesAndNewlines)), seconds.isFinite
        else { return 0 }
        let limit: TimeInterval = 10 * 365 * 86400
        return min(max(seconds, -limit), limit)
    }
}
