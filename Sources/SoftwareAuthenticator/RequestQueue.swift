import Synchronization

/// Lets one request at a time through, in the order of arrival.
///
/// An actor alone does not: while one of its methods waits for the user or the store, it runs others.
final class RequestQueue: Sendable {
    private struct State {
        var isOccupied = false
        var nextID: UInt64 = 0
        var waiting: [(id: UInt64, continuation: CheckedContinuation<Bool, Never>)] = []
        var cancelled: Set<UInt64> = []
    }

    private let state = Mutex(State())

    /// Waits for the turn; each `true` is to be followed by one ``leave()``.
    ///
    /// - Returns: `false` when the task was cancelled before its turn came.
    nonisolated(nonsending) func enter() async -> Bool {
        // The usual case costs no continuation.
        if tryToEnter() {
            guard Task.isCancelled else { return true }
            leave()
            return false
        }
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        let entered = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let outcome = state.withLock { state -> Bool? in
                    if state.cancelled.contains(id) { return false }
                    if !state.isOccupied {
                        state.isOccupied = true
                        return true
                    }
                    state.waiting.append((id, continuation))
                    return nil
                }
                if let outcome { continuation.resume(returning: outcome) }
            }
        } onCancel: {
            let continuation = state.withLock { state -> CheckedContinuation<Bool, Never>? in
                guard let index = state.waiting.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return state.waiting.remove(at: index).continuation
            }
            continuation?.resume(returning: false)
        }
        state.withLock { _ = $0.cancelled.remove(id) }
        return entered
    }

    /// Enters if nobody else is in; `true` is to be followed by one ``leave()``.
    func tryToEnter() -> Bool {
        state.withLock { state in
            defer { state.isOccupied = true }
            return !state.isOccupied
        }
    }

    /// Lets the next one in.
    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard !state.waiting.isEmpty else {
                state.isOccupied = false
                return nil
            }
            return state.waiting.removeFirst().continuation
        }
        next?.resume(returning: true)
    }
}
