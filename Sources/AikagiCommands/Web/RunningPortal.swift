import FoundationEssentials
import Logging
import Portal
import Synchronization

/// A value that a task waits for until another one gives it, or fails to.
final class Announcement<Value: Sendable>: Sendable {
    private enum State {
        case waiting([CheckedContinuation<Value, any Error>])
        case settled(Result<Value, any Error>)
    }

    private let state = Mutex(State.waiting([]))

    /// Gives the value, once.
    func settle(_ result: Result<Value, any Error>) {
        let waiters = state.withLock { state -> [CheckedContinuation<Value, any Error>] in
            guard case .waiting(let waiters) = state else { return [] }
            state = .settled(result)
            return waiters
        }
        for waiter in waiters { waiter.resume(with: result) }
    }

    /// Waits for the value.
    func value() async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let settled = state.withLock { state -> Result<Value, any Error>? in
                switch state {
                case .settled(let result): return result
                case .waiting(let waiters):
                    state = .waiting(waiters + [continuation])
                    return nil
                }
            }
            if let settled { continuation.resume(with: settled) }
        }
    }
}

/// A portal that serves while `body` runs.
///
/// - Parameter body: gets the portal's origin and accounts.
func withRunningPortal(
    _ configuration: PortalConfiguration, _ body: @escaping @Sendable (String, PortalAccounts) async throws -> Void
) async throws {
    let listening = Announcement<Int>()
    var configuration = configuration
    configuration.onListening = { port in listening.settle(.success(port)) }
    let application = try PortalApplication(configuration: configuration)
    let host = configuration.relyingPartyID
    let givenOrigin = configuration.origins.first
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            do {
                try await application.run()
                listening.settle(.failure(CancellationError()))
            } catch {
                listening.settle(.failure(error))
                throw error
            }
        }
        group.addTask {
            let port = try await listening.value()
            let origin = givenOrigin ?? "http://\(host):\(port)"
            try await body(origin, application.accounts)
        }
        defer { group.cancelAll() }
        // Whichever ends first ends the other: the portal serves for `body`, and `body` needs the portal.
        try await group.next()
    }
}
