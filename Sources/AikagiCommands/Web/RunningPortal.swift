import FoundationEssentials
import Logging
import Portal
import Synchronization
import WebAuthnModel

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

/// Runs a service while `body` runs; whichever ends first ends the other.
///
/// - Throws: what either throws, `CancellationError` when cancelled, and ``CommandFailure`` when the service ends by itself.
func serving(
    _ name: String, _ service: @escaping @Sendable () async throws -> Void,
    while body: @escaping @Sendable () async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Bool.self) { group in
        group.addTask {
            try await service()
            return false
        }
        group.addTask {
            try await body()
            return true
        }
        defer { group.cancelAll() }
        let isDone = try await group.next() ?? false
        // A service that is cancelled may end in peace: that is no success of what needed it.
        try Task.checkCancellation()
        guard isDone else { throw CommandFailure("\(name) has ended by itself") }
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
    let scheme = configuration.tls == nil ? "http" : "https"
    try await serving("the portal") {
        do {
            try await application.run()
            listening.settle(.failure(CancellationError()))
        } catch {
            listening.settle(.failure(error))
            throw error
        }
    } while: {
        let port = try await listening.value()
        try await body(givenOrigin ?? "\(scheme)://\(host):\(port)", application.accounts)
    }
}
