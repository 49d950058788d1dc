import Dispatch
import Synchronization

/// Tells a thread that may block how work on another one has ended.
///
/// Whoever does the work says so in any case, and waits for nothing before.
final class WorkOutcome: Sendable {
    private let hasSucceeded = Mutex(false)
    private let semaphore = DispatchSemaphore(value: 0)

    /// Says how it ended; once.
    func set(hasSucceeded: Bool) {
        self.hasSucceeded.withLock { $0 = hasSucceeded }
        semaphore.signal()
    }

    /// Waits for the end; only one may.
    func waitForSuccess() -> Bool {
        semaphore.wait()
        return hasSucceeded.withLock(\.self)
    }
}
