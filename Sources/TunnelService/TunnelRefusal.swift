/// The answer to a request that gets no tunnel: an HTTP status and a line that says why.
enum TunnelRefusal: Error, Hashable, Sendable, CaseIterable {
    case malformedRequest
    case methodNotAllowed
    case unknownPath
    case notAnUpgrade
    case missingSubprotocol
    case unexpectedBody
    case unknownTunnel
    case duplicateTunnel
    case noPushChannel
    case tooManyTunnels

    /// The status code.
    var status: Int {
        switch self {
        case .malformedRequest, .notAnUpgrade, .missingSubprotocol, .unexpectedBody: 400
        case .unknownPath, .unknownTunnel: 404
        case .methodNotAllowed: 405
        case .duplicateTunnel: 409
        // The client is to forget such a contact.
        case .noPushChannel: 410
        case .tooManyTunnels: 503
        }
    }

    /// The body of the response, one line without its end.
    var message: String {
        switch self {
        case .malformedRequest: "this is not an HTTP/1.1 request"
        case .methodNotAllowed: "only GET is allowed here"
        case .unknownPath:
            "the paths are /cable/new/TUNNEL and /cable/connect/ROUTING/TUNNEL with 32 and 6 hexadecimal digits"
        case .notAnUpgrade: "this has to be a WebSocket handshake, version 13 (RFC 6455)"
        case .missingSubprotocol: "the header Sec-WebSocket-Protocol has to offer fido.cable"
        case .unexpectedBody: "the request must not have a body"
        case .unknownTunnel: "no authenticator waits in this tunnel"
        case .duplicateTunnel: "an authenticator waits in this tunnel already"
        case .noPushChannel: "this service cannot contact authenticators"
        case .tooManyTunnels: "too many tunnels are waiting, try again later"
        }
    }
}
