/// Why a tunnel could not be opened, or why it ended.
public enum TunnelError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Nobody answers at the address.
    case unreachable(address: String, reason: String)
    /// TLS and the handshake took too long.
    case timedOut(address: String, seconds: Int)
    /// No trusted authority vouches for the server's certificate.
    case certificateNotTrusted(domainName: String, reason: String)
    /// The server's certificate is for other names.
    case certificateForOtherName(domainName: String)
    /// The trust roots are no PEM certificates.
    case invalidTrustRoots(reason: String)
    /// The domain name cannot be used with TLS.
    case invalidDomainName(String)
    /// TLS failed for another reason.
    case tlsFailed(address: String, reason: String)
    /// The service answered with another status than 101.
    case refused(status: Int, path: String)
    /// The answer did not confirm the subprotocol, or claimed one that was not offered.
    case wrongSubprotocol(String?)
    /// The answer to a new tunnel has no routing identifier of 6 hexadecimal digits.
    case missingRoutingID
    /// The answer is no valid WebSocket handshake.
    case invalidHandshake(reason: String)
    /// The service closed the tunnel; the reason is the service's text, reduced to printable characters.
    case closed(code: UInt16, reason: String)
    /// The connection ended without a close frame.
    case connectionLost
    /// The service sent what is no message of a tunnel.
    case protocolViolation(reason: String)
    /// A message is empty or longer than a tunnel carries.
    case unsendableMessage(byteCount: Int)

    /// A sentence that says what to do.
    public var description: String {
        switch self {
        case .unreachable(let address, let reason):
            "no tunnel service answers at \(address): \(reason); check the address and that the service runs"
        case .timedOut(let address, let seconds):
            "the tunnel service at \(address) did not complete the connection within \(seconds) s; try again"
        case .certificateNotTrusted(let domainName, let reason):
            "the certificate of \(domainName) is not trusted (\(reason)): pass the certificate of its authority as a trust root"
        case .certificateForOtherName(let domainName):
            "the tunnel service's certificate is not for \(domainName): give the service a certificate with that name"
        case .invalidTrustRoots(let reason):
            "the trust roots cannot be read: \(reason); pass one or more PEM certificates"
        case .invalidDomainName(let name):
            "\"\(name)\" cannot be a tunnel service's name: use a host name, not an IP address"
        case .tlsFailed(let address, let reason): "TLS with the tunnel service at \(address) failed: \(reason)"
        case .refused(404, _):
            "the tunnel service knows no such tunnel (404): the phone has gone or another client has taken it; show a new QR code"
        case .refused(409, _): "the tunnel is open already (409): start again with a new QR code"
        case .refused(410, _): "the phone cannot be reached any more (410): forget this link and use a QR code"
        case .refused(let status, let path):
            "the tunnel service refused \(path) with HTTP status \(status); check that it is a tunnel service"
        case .wrongSubprotocol(let name):
            "the server did not confirm the subprotocol fido.cable (\(name ?? "none")): it is not a tunnel service"
        case .missingRoutingID: "the tunnel service sent no valid routing identifier for the new tunnel"
        case .invalidHandshake(let reason):
            "the server's WebSocket handshake is not valid (\(reason)): check that it is a tunnel service"
        case .closed(let code, let reason):
            "the tunnel was closed with code \(code)" + (reason.isEmpty ? "" : " (\(reason))")
                + (code == 1008 ? "; the QR code may have expired, or another phone answered it" : "")
                + "; start again with a new QR code"
        case .connectionLost: "the connection to the tunnel service was lost; try again"
        case .protocolViolation(let reason): "the tunnel service broke the protocol: \(reason)"
        case .unsendableMessage(let count):
            "a message of \(count) bytes cannot be sent: a tunnel carries 1 byte to 1 MiB"
        }
    }
}
