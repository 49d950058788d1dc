import Synchronization

/// Holds messages between the task that reads a connection and the one that wants the next message.
///
/// A bound on what may wait keeps a peer from filling the memory: both sides of a hybrid session speak in turn.
final class MessageMailbox: Sendable {
    /// The most messages that may wait.
    static let capacity = 16

    private enum Ending {
        case closed
        case failed(any Error)
    }

    private struct State {
        var messages: [[UInt8]] = []
        var ending: Ending?
        var waiter: CheckedContinuation<[UInt8]?, any Error>?
    }

    private let state = Mutex(State())

    /// Adds a message.
    ///
    /// - Returns: `false` when the peer has sent more than may wait; the connection should then be closed.
    func deliver(_ message: [UInt8]) -> Bool {
        let (accepted, waiter) = state.withLock { state -> (Bool, CheckedContinuation<[UInt8]?, any Error>?) in
            if let waiter = state.waiter {
                state.waiter = nil
                return (true, waiter)
            }
            guard state.messages.count < Self.capacity else { return (false, nil) }
            state.messages.append(message)
            return (true, nil)
        }
        waiter?.resume(returning: message)
        return accepted
    }

    /// Says that no message will follow.
    func finish(throwing error: (any Error)? = nil) {
        let waiter = state.withLock { state -> CheckedContinuation<[UInt8]?, any Error>? in
            guard state.ending == nil else { return nil }
            state.ending = error.map(Ending.failed) ?? .closed
            defer { state.waiter = nil }
            return state.waiter
        }
        if let error { waiter?.resume(throwing: error) } else { waiter?.resume(returning: nil) }
    }

    /// Waits for the next message; `nil` after the end.
    func receive() async throws -> [UInt8]? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let immediate = state.withLock { state -> Result<[UInt8]?, any Error>? in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if !state.messages.isEmpty { return .success(state.messages.removeFirst()) }
                    switch state.ending {
                    case .closed: return .success(nil)
                    case .failed(let error): return .failure(error)
                    case nil: break
                    }
                    guard state.waiter == nil else { return .failure(CancellationError()) }
                    state.waiter = continuation
                    return nil
                }
                if let immediate { continuation.resume(with: immediate) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> CheckedContinuation<[UInt8]?, any Error>? in
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume(throwing: CancellationError())
        }
    }
}
