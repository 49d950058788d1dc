import NIOCore
import Synchronization

/// The sockets of a server, counted while they are open and closed all at once in the end.
final class OpenConnections: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var isClosed = false
    }

    private let maximumCount: Int
    private let state = Mutex(State())

    /// None, and never more than so many.
    init(maximumCount: Int) { self.maximumCount = maximumCount }

    /// Adds a connection until it closes; `false` when there is no room for it.
    func add(_ channel: any Channel) -> Bool {
        let id = ObjectIdentifier(channel)
        let isAdded = state.withLock { state in
            guard !state.isClosed, state.channels.count < maximumCount else { return false }
            state.channels[id] = channel
            return true
        }
        guard isAdded else { return false }
        channel.closeFuture.whenComplete { _ in self.state.withLock { _ = $0.channels.removeValue(forKey: id) } }
        return true
    }

    /// Closes what is open, such as connections that were accepted but not served yet, and waits until it is closed.
    func closeAll() async {
        let channels = state.withLock { state in
            state.isClosed = true
            return Array(state.channels.values)
        }
        for channel in channels { channel.close(promise: nil) }
        for channel in channels {
            // A close future never fails; the error is that of the type only.
            _ = try? await channel.closeFuture.get()
        }
    }
}
