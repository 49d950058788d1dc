/// What a client of the proxy asks for: `CONNECT host:port HTTP/1.1` and header fields, which are of no interest (RFC
/// 9110 §9.3.6).
struct ConnectProxyRequest: Hashable, Sendable {
    /// The host in lower case.
    var host: String
    /// The port.
    var port: UInt16

    /// Reads a request's head, up to its empty line and without it.
    ///
    /// - Throws: the answer to a client that has asked for something else.
    init(head: [UInt8]) throws(ConnectProxyRefusal) {
        // The header fields are not looked at, but no control character gets by in the request line.
        guard let line = head.split(separator: UInt8(ascii: "\r"), maxSplits: 1).first,
            line.allSatisfy({ (0x20...0x7E).contains($0) })
        else { throw .malformed }
        let parts = String(decoding: line, as: UTF8.self).split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[2] == "HTTP/1.1" || parts[2] == "HTTP/1.0" else { throw .malformed }
        guard parts[0] == "CONNECT" else { throw .method }
        guard let colon = parts[1].lastIndex(of: ":") else { throw .malformed }
        let (host, port) = (parts[1][..<colon], parts[1][parts[1].index(after: colon)...])
        guard !host.isEmpty, !port.isEmpty, port.allSatisfy(\.isNumber), let port = UInt16(port) else {
            throw .malformed
        }
        self.host = host.lowercased()
        self.port = port
    }

    /// The host as a resolver takes it: an IPv6 address without its brackets.
    var hostWithoutBrackets: String {
        host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    }
}

/// Why the proxy does not do what it is asked, as its client hears it.
struct ConnectProxyRefusal: Error, Hashable, Sendable {
    /// The status line's code and phrase.
    var status: String
    /// One line.
    var reason: String

    /// Not a request.
    static let malformed = ConnectProxyRefusal(status: "400 Bad Request", reason: "this is no CONNECT request")
    /// Something else than CONNECT.
    static let method = ConnectProxyRefusal(
        status: "405 Method Not Allowed", reason: "this proxy knows the method CONNECT only")
    /// The client was too slow.
    static let tooSlow = ConnectProxyRefusal(
        status: "408 Request Timeout", reason: "the request took too long")
    /// The head has too many bytes.
    static let tooLong = ConnectProxyRefusal(
        status: "431 Request Header Fields Too Large", reason: "the request is too long")
    /// The destination is not one of ours.
    static let forbidden = ConnectProxyRefusal(
        status: "403 Forbidden", reason: "this proxy does not lead there")
    /// The destination does not answer.
    static let unreachable = ConnectProxyRefusal(
        status: "502 Bad Gateway", reason: "the destination does not answer")

    /// The whole response.
    var response: String {
        let allow = self == .method ? "Allow: CONNECT\r\n" : ""
        return "HTTP/1.1 \(status)\r\n\(allow)Content-Type: text/plain; charset=utf-8\r\n"
            + "Content-Length: \(reason.utf8.count + 1)\r\nConnection: close\r\n\r\n\(reason)\n"
    }
}
