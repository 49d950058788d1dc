/// The header names and values of requests to tunnel services (CTAP 2.3 §11.5.1.1.1 and §11.5.2).
public enum TunnelHeader {
    /// The WebSocket subprotocol, which a request must ask for and a response must confirm.
    public static let subprotocol = "fido.cable"
    /// In the response to a new tunnel: the routing identifier, 6 hexadecimal digits.
    public static let routingID = "X-caBLE-Routing-ID"
    /// In a request to contact an authenticator: the client payload, in hexadecimal digits.
    public static let clientPayload = "X-caBLE-Client-Payload"
    /// Asks for, and confirms, a first message of one zero byte once the authenticator has connected.
    public static let signalConnection = "X-caBLE-Signal-Connection"
}
