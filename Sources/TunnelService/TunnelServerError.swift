/// Why a ``TunnelServer`` does not run.
public enum TunnelServerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Plain text at an address that others can reach.
    case plainTextBeyondLoopback(host: String)
    /// The certificate chain or the private key cannot be used.
    case identity(reason: String)
    /// The address cannot be listened at.
    case cannotListen(host: String, port: Int, reason: String)
    /// The server has ended, so that it has no port.
    case notListening

    /// A sentence that says what to do.
    public var description: String {
        switch self {
        case .plainTextBeyondLoopback(let host):
            "a tunnel service without TLS may listen at a loopback address only, not at \(host): give it a certificate"
        case .identity(let reason):
            "the tunnel service's certificate or private key cannot be used: \(reason); both have to be PEM and belong together"
        case .cannotListen(let host, let port, let reason):
            "the tunnel service cannot listen at \(host), port \(port): \(reason); choose another port (0 takes a free one)"
        case .notListening: "the tunnel service is not listening: it has ended or could not start"
        }
    }
}
