import Synchronization

/// Holds messages between the task that reads a connection and the one that wants the next message.
///
/// A bound on what may wait keeps a peer from filling the memory: both sides of a hybrid session speak in turn.
final class MessageMailbox: Sendable {
    private typealias Waiter = CheckedContinuation<[UInt8]?, any Error>

    private struct State {
        var messages: [[UInt8]] = []
        var ending: Result<[UInt8]?, any Error>?
        var waiters: [(id: UInt64, continuation: Waiter)] = []
        var nextID: UInt64 = 0
    }

    private let capacity: Int
    private let state = Mutex(State())

    /// A mailbox in which so many messages may wait.
    init(capacity: Int = 16) { self.capacity = capacity }

    /// Adds a message; after the end there is nobody to read it.
    ///
    /// - Returns: `false` when the peer has sent more than may wait; the connection should then be closed.
    func deliver(_ message: [UInt8]) -> Bool {
        let (accepted, waiter) = state.withLock { state -> (Bool, Waiter?) in
            guard state.ending == nil else { return (true, nil) }
            if !state.waiters.isEmpty { return (true, state.waiters.removeFirst().continuation) }
            guard state.messages.count < capacity else { return (false, nil) }
            state.messages.append(message)
            return (true, nil)
        }
        waiter?.resume(returning: message)
        return accepted
    }

    /// Says that no message will follow; what waits can still be read.
    func finish(throwing error: (any Error)? = nil) {
        let ending: Result<[UInt8]?, any Error> = error.map { .failure($0) } ?? .success(nil)
        let waiters = state.withLock { state -> [Waiter] in
            guard state.ending == nil else { return [] }
            state.ending = ending
            defer { state.waiters = [] }
            return state.waiters.map(\.continuation)
        }
        for waiter in waiters { waiter.resume(with: ending) }
    }

    /// Takes a message that has been delivered already; `nil` when there is none.
    func takeWaiting() -> [UInt8]? {
        state.withLock { $0.messages.isEmpty ? nil : $0.messages.removeFirst() }
    }

    /// Waits for the next message; `nil` after the end.
    ///
    /// - Throws: what the connection ended with, or `CancellationError`, in which case no message was taken.
    func receive() async throws -> [UInt8]? {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let immediate = state.withLock { state -> Result<[UInt8]?, any Error>? in
                    // The task is marked before its handler runs, so one of the two sees the cancellation.
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if !state.messages.isEmpty { return .success(state.messages.removeFirst()) }
                    if let ending = state.ending { return ending }
                    state.waiters.append((id, continuation))
                    return nil
                }
                if let immediate { continuation.resume(with: immediate) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> Waiter? in
                guard let index = state.waiters.firstIndex(where: { $0.id == id }) else { return nil }
                return state.waiters.remove(at: index).continuation
            }
            waiter?.resume(throwing: CancellationError())
        }
    }
}
