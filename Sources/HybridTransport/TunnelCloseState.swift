import Synchronization

/// How a connection ended, written on its event loop and read by the tasks that use it.
final class TunnelCloseState: Sendable {
    private let state = Mutex<TunnelError?>(nil)

    /// Notes why the connection ends; what is noted first counts.
    func end(with error: TunnelError) { state.withLock { $0 = $0 ?? error } }

    /// Why it ended, `nil` while it is open or when it broke off.
    var error: TunnelError? { state.withLock(\.self) }

    /// What to throw when an operation failed with some other error.
    func error(for other: any Error) -> TunnelError {
        (other as? TunnelError) ?? error ?? .connectionLost
    }
}
