/// How long each leg of a hybrid ceremony may take; the specification leaves that to the implementations.
public struct HybridTimeouts: Hashable, Sendable {
    /// Until the WebSocket to the tunnel service is open; 30 s.
    public var connection: Duration
    /// Until the fitting advertisement is seen, which includes that a person scans the QR code; 180 s.
    public var advertisement: Duration
    /// Until the client platform joins the tunnel and sends its first message; 180 s.
    public var peer: Duration
    /// Until the handshake's answer, and then until the message that follows it at once; 30 s each.
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
