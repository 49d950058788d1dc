/// Answers CTAP2 requests: the software authenticator, a security key, or a phone behind a tunnel.
///
/// It does not throw: a failure is a status byte, which is what every door has to send anyway.
public protocol CTAPAuthenticator: Sendable {
    /// Answers one request.
    ///
    /// A request that waits for the user reports so through `context`, and answers ``CTAPStatus/keepaliveCancel`` when
    /// the surrounding task is cancelled: that is how a door passes CTAPHID_CANCEL on.
    func respond(to request: CTAPRequest, in context: CTAPRequestContext) async -> CTAPResponse

    /// Answers a request that takes no waiting, and so little time that a door does not begin a task for it.
    ///
    /// - Returns: `nil` for any other request; ``respond(to:in:)`` answers them all.
    func respondAtOnce(to request: CTAPRequest) -> CTAPResponse?
}

extension CTAPAuthenticator {
    /// Leaves every request to ``respond(to:in:)``.
    public func respondAtOnce(to request: CTAPRequest) -> CTAPResponse? { nil }
}

/// What an authenticator is doing while a door waits (CTAP 2.3 §11.2.9.1.8, CTAPHID_KEEPALIVE).
public enum KeepaliveStatus: UInt8, Hashable, Sendable {
    /// The authenticator is computing.
    case processing = 1
    /// The authenticator waits for the user.
    case userPresenceNeeded = 2
}

/// Where a request came from, and how to tell its sender what is going on.
public struct CTAPRequestContext: Sendable {
    /// The kind of door.
    public enum Transport: Hashable, Sendable {
        /// CTAPHID, on a channel: stateful commands belong to the channel they were begun on.
        case hid(channel: UInt32)
        /// The hybrid transport, in a session whose number no other one in this process has: stateful commands belong to it.
        case hybrid(session: UInt64)
        /// A call within the process.
        case inProcess
    }

    /// The kind of door.
    public let transport: Transport
    private let keepalive: @Sendable (KeepaliveStatus) -> Void

    /// A context whose keepalives go to `keepalive`; a door without keepalives leaves it out.
    public init(
        transport: Transport = .inProcess, keepalive: @escaping @Sendable (KeepaliveStatus) -> Void = { _ in }
    ) {
        self.transport = transport
        self.keepalive = keepalive
    }

    /// Says what the authenticator is doing from this moment on.
    public func report(_ status: KeepaliveStatus) { keepalive(status) }
}
