import Synchronization

/// The port of a server that is about to listen, for those who wait for it.
final class ListeningPort: Sendable {
    private enum State {
        case starting([Int: AsyncStream<Int>.Continuation], nextID: Int)
        case listening(Int)
        case ended
    }

    private let state = Mutex(State.starting([:], nextID: 0))

    /// Publishes the port.
    func open(_ port: Int) { finish(.listening(port), port: port) }

    /// Says that there is none any more.
    func close() { finish(.ended, port: nil) }

    /// Waits for the port.
    ///
    /// - Throws: ``TunnelServerError/notListening``, or `CancellationError`.
    func value() async throws -> Int {
        let (stream, continuation) = AsyncStream<Int>.makeStream()
        let id = state.withLock { state -> Int? in
            switch state {
            case .starting(var waiting, let id):
                waiting[id] = continuation
                state = .starting(waiting, nextID: id + 1)
                return id
            case .listening(let port):
                continuation.yield(port)
                continuation.finish()
            case .ended:
                continuation.finish()
            }
            return nil
        }
        defer { if let id { forget(id) } }
        for await port in stream { return port }
        try Task.checkCancellation()
        throw TunnelServerError.notListening
    }

    private func forget(_ id: Int) {
        state.withLock { state in
            guard case .starting(var waiting, let nextID) = state else { return }
            waiting[id] = nil
            state = .starting(waiting, nextID: nextID)
        }
    }

    private func finish(_ end: State, port: Int?) {
        let waiting = state.withLock { state in
            defer { state = end }
            guard case .starting(let waiting, _) = state else { return [AsyncStream<Int>.Continuation]() }
            return Array(waiting.values)
        }
        for continuation in waiting {
            if let port { continuation.yield(port) }
            continuation.finish()
        }
    }
}
