import Dispatch
import Synchronization

/// A thread for work that blocks, taken in order, with a bounded queue in front of it.
final class BlockingQueue: Sendable {
    private let queue: DispatchQueue
    private let waiting = Mutex(0)
    private let maximumWaiting: Int

    init(label: String, maximumWaiting: Int) {
        queue = DispatchQueue(label: label)
        self.maximumWaiting = maximumWaiting
    }

    /// Runs the work and returns what it yields.
    ///
    /// - Throws: ``PortalFailure/unavailable`` when too much waits already, else what the work throws.
    func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        let isAdmitted = waiting.withLock { count in
            guard count < maximumWaiting else { return false }
            count += 1
            return true
        }
        guard isAdmitted else { throw PortalFailure.unavailable }
        defer { waiting.withLock { $0 -= 1 } }
        return try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result(catching: work)) }
        }
    }
}
