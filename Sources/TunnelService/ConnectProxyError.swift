/// Why a ``ConnectProxy`` does not run.
public enum ConnectProxyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The address is one that others can reach.
    case beyondLoopback(host: String)
    /// The address cannot be listened at.
    case cannotListen(host: String, port: Int, reason: String)
    /// The proxy has ended, so that it has no port.
    case notListening

    /// A sentence that says what to do.
    public var description: String {
        switch self {
        case .beyondLoopback(let host):
            "the proxy may listen at a loopback address only, not at \(host): use 127.0.0.1"
        case .cannotListen(let host, let port, let reason):
            "the proxy cannot listen at \(host), port \(port): \(reason); choose another port (0 takes a free one)"
        case .notListening: "the proxy is not listening: it has ended or could not start"
        }
    }
}
