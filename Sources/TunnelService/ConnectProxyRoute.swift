import FoundationEssentials

/// Where a request to a ``ConnectProxy`` leads.
enum ConnectProxyRoute: Hashable, Sendable {
    /// Nowhere, and the client is told so.
    case refusal
    /// Nowhere, and the client is told nothing.
    case silence
    /// To a host and a port; what is said there first, if that is another proxy.
    case connection(host: String, port: Int, question: String?)

    /// The route of a request.
    init(_ request: ConnectProxyRequest, _ configuration: ConnectProxyConfiguration) {
        if request.port == 443, let destination = configuration.destinations[request.host] {
            switch destination {
            case .place(let host, let port): self = .connection(host: host, port: port, question: nil)
            case .refusal: self = .refusal
            case .silence: self = .silence
            }
            return
        }
        switch configuration.others {
        case .refusal: self = .refusal
        case .direct: self = .connection(host: request.hostWithoutBrackets, port: Int(request.port), question: nil)
        case .proxy(let host, let port, let credentials):
            let target = "\(request.host):\(request.port)"
            var question = "CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\n"
            if let credentials {
                // RFC 7617: the whole of user-id, colon and password in base64.
                question += "Proxy-Authorization: Basic \(Data(credentials.utf8).base64EncodedString())\r\n"
            }
            self = .connection(host: host, port: port, question: question + "\r\n")
        }
    }
}
