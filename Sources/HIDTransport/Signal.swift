import Synchronization

/// Lets one task wait for something that others say, once or again and again; what was said before the wait counts.
final class Signal: Sendable {
    private enum State {
        case quiet
        case isSet
        case awaited(CheckedContinuation<Void, Never>)
    }

    private let state = Mutex(State.quiet)

    /// Ends the wait, or the next one.
    func set() {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard case .awaited(let continuation) = state else {
                state = .isSet
                return nil
            }
            state = .quiet
            return continuation
        }
        waiter?.resume()
    }

    /// Waits until it is set, or the task is cancelled; only one task may wait.
    func wait() async {
        // Mostly there is nothing to wait for.
        let wasSet = state.withLock { state in
            guard case .isSet = state else { return false }
            state = .quiet
            return true
        }
        guard !wasSet else { return }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    guard case .quiet = state else {
                        state = .quiet
                        return true
                    }
                    state = .awaited(continuation)
                    return false
                }
                if isOver { return continuation.resume() }
                if Task.isCancelled { set() }
            }
        } onCancel: {
            set()
        }
    }
}
