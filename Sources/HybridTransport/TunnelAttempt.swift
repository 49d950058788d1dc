import NIOCore
import Synchronization

/// The channels of an attempt to connect, so that it can be given up from outside.
///
/// A name with several addresses is tried at more than one of them at a time (RFC 8305), each with a channel of its own.
final class TunnelAttempt: Sendable {
    private let state = Mutex<(channels: [any Channel], reason: (any Error)?)>(([], nil))

    /// Why the attempt was given up.
    var reason: (any Error)? { state.withLock(\.reason) }

    /// Notes a channel; `false` when the attempt was given up before, and the channel must not be used.
    func begin(_ channel: any Channel) -> Bool {
        state.withLock { state in
            guard state.reason == nil else { return false }
            state.channels.append(channel)
            return true
        }
    }

    /// Closes all channels; what waits for them fails then.
    ///
    /// The first reason counts.
    func giveUp(_ reason: any Error) {
        let channels = state.withLock { state in
            state.reason = state.reason ?? reason
            defer { state.channels = [] }
            return state.channels
        }
        for channel in channels { channel.close(promise: nil) }
    }
}
