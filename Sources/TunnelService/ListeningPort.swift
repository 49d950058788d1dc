import Synchronization

/// The port of a server that is about to listen, for those who wait for it.
final class ListeningPort: Sendable {
    private typealias Answer = Result<Int, TunnelServerError>

    private enum State {
        case starting([Int: AsyncStream<Answer>.Continuation], nextID: Int)
        case answered(Answer)
    }

    private let state = Mutex(State.starting([:], nextID: 0))

    /// Publishes the port.
    func open(_ port: Int) { finish(with: .success(port)) }

    /// Says that there is none, or none any more, and why.
    func close(_ reason: TunnelServerError) { finish(with: .failure(reason)) }

    /// Waits for the port.
    ///
    /// - Throws: the reason why there is none, or `CancellationError`.
    func value() async throws -> Int {
        let (stream, continuation) = AsyncStream<Answer>.makeStream()
        let id = state.withLock { state -> Int? in
            switch state {
            case .starting(var waiting, let id):
                waiting[id] = continuation
                state = .starting(waiting, nextID: id + 1)
                return id
            case .answered(let answer):
                continuation.yield(answer)
                continuation.finish()
            }
            return nil
        }
        defer { if let id { forget(id) } }
        for await answer in stream { return try answer.get() }
        // Nothing but a cancellation ends the stream without an answer.
        throw CancellationError()
    }

    private func forget(_ id: Int) {
        state.withLock { state in
            guard case .starting(var waiting, let nextID) = state else { return }
            waiting[id] = nil
            state = .starting(waiting, nextID: nextID)
        }
    }

    private func finish(with answer: Answer) {
        let waiting = state.withLock { state in
            defer { state = .answered(answer) }
            guard case .starting(let waiting, _) = state else { return [AsyncStream<Answer>.Continuation]() }
            return Array(waiting.values)
        }
        for continuation in waiting {
            continuation.yield(answer)
            continuation.finish()
        }
    }
}
