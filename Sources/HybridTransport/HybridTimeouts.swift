/// How long each leg of a hybrid ceremony may take.
public struct HybridTimeouts: Hashable, Sendable {
    /// Until the WebSocket to the tunnel service is open; 30 s.
    public var connection: Duration
    /// Until the fitting advertisement is seen, which includes that a person scans the QR code; 180 s.
    public var advertisement: Duration
    /// Until the client platform joins the tunnel and sends its first message; 180 s.
    public var peer: Duration
    /// Until the handshake's answer and what follows it at once; 30 s.
    public var handshake: Duration
    /// Until the authenticator responds, which includes that a person acts; 120 s.
    public var response: Duration
    /// Until the client platform sends its next request or ends the session; 120 s.
    public var nextRequest: Duration

    /// Limits that leave room for a person.
    public init(
        connection: Duration = .seconds(30), advertisement: Duration = .seconds(180), peer: Duration = .seconds(180),
        handshake: Duration = .seconds(30), response: Duration = .seconds(120), nextRequest: Duration = .seconds(120)
    ) {
        self.connection = connection
        self.advertisement = advertisement
        self.peer = peer
        self.handshake = handshake
        self.response = response
        self.nextRequest = nextRequest
    }
}

/// Runs an operation that is cancelled when its time is up.
///
/// - Throws: `expired` when time was up first, else what the operation throws.
func within<Value: Sendable>(
    _ limit: Duration, on clock: any Clock<Duration>, expired: HybridSessionError,
    _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await operation() }
        group.addTask {
            try await clock.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next(), let value = first else { throw expired }
        return value
    }
}
