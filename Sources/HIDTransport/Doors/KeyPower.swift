import Synchronization

/// The power supply of a key with several doors: taken away and given back, every door begins anew.
public final class KeyPower: Sendable {
    private struct State {
        var generation: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var lastID: UInt64 = 0
    }

    private let state = Mutex(State())
    private let reset: @Sendable () async -> Void

    /// A power supply that is on.
    ///
    /// - Parameter reset: Makes the authenticator forget what it keeps in memory only.
    public init(reset: @escaping @Sendable () async -> Void) { self.reset = reset }

    /// Takes the power away and gives it back.
    ///
    /// Requests that are being worked on are cancelled without an answer, channels and locks are forgotten, at every
    /// door.
    public func cycle() async {
        let waiters = state.withLock { state in
            state.generation += 1
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter.resume() }
        await reset()
    }

    /// How often the power has been away.
    var generation: UInt64 { state.withLock(\.generation) }

    /// Waits until the power has been away more often than that, or the task is cancelled.
    func wait(beyond generation: UInt64) async {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.generation > generation { return true }
                    state.waiters[id] = continuation
                    return false
                }
                if isOver { return continuation.resume() }
                if Task.isCancelled { endWait(id) }
            }
        } onCancel: {
            endWait(id)
        }
    }

    private func endWait(_ id: UInt64) {
        state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
    }
}
