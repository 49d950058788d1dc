import HybridProtocol
import NIOHTTP1

/// What a request to the tunnel service asks for.
enum TunnelRequest: Hashable, Sendable {
    case new(TunnelID)
    case connect(RoutingID, TunnelID)

    /// Reads the head of a request.
    init(head: HTTPRequestHead) throws(TunnelRefusal) {
        guard head.method == .GET else { throw .methodNotAllowed }
        guard let path = TunnelPath(path: head.uri) else { throw .unknownPath }
        // A body would lie between the handshake and the frames; nobody has reason to send one.
        guard head.headers["Content-Length"].allSatisfy({ $0 == "0" }),
            !head.headers.contains(name: "Transfer-Encoding")
        else { throw .unexpectedBody }
        guard Self.list(head.headers, "Upgrade").contains("websocket"),
            Self.list(head.headers, "Connection").contains("upgrade"),
            head.headers["Sec-WebSocket-Version"] == ["13"], head.headers["Sec-WebSocket-Key"].count == 1
        else { throw .notAnUpgrade }
        guard head.headers[canonicalForm: "Sec-WebSocket-Protocol"].contains(Substring(TunnelHeader.subprotocol)) else {
            throw .missingSubprotocol
        }
        switch path {
        case .new(let tunnelID): self = .new(tunnelID)
        case .connect(let routingID, let tunnelID): self = .connect(routingID, tunnelID)
        case .contact: throw .noPushChannel
        }
    }

    /// The members of a header that is a list without regard to case.
    private static func list(_ headers: HTTPHeaders, _ name: String) -> [String] {
        headers[canonicalForm: name].map { $0.lowercased() }
    }
}
