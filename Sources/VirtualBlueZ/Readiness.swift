import Synchronization

/// Says once that something has begun, to those who wait for it.
final class Readiness: Sendable {
    private enum State {
        case waiting([AsyncStream<Void>.Continuation])
        case begun
        case ended
    }

    private let state = Mutex(State.waiting([]))

    /// It has begun.
    func begin() { change(to: .begun, says: true) }

    /// It has ended, or never will begin.
    func end() { change(to: .ended, says: false) }

    /// Waits until it has begun.
    ///
    /// - Returns: false if it has ended instead.
    /// - Throws: `CancellationError`.
    func wait() async throws -> Bool {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        state.withLock { state in
            switch state {
            case .waiting(let others): state = .waiting(others + [continuation])
            case .begun:
                continuation.yield()
                continuation.finish()
            case .ended: continuation.finish()
            }
        }
        for await _ in stream { return true }
        try Task.checkCancellation()
        return false
    }

    private func change(to next: State, says begun: Bool) {
        let waiting = state.withLock { state in
            defer { state = next }
            guard case .waiting(let waiting) = state else { return [AsyncStream<Void>.Continuation]() }
            return waiting
        }
        for continuation in waiting {
            if begun { continuation.yield() }
            continuation.finish()
        }
    }
}
