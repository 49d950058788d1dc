/// The path of a request to a tunnel service (CTAP 2.3 §11.5.1.1.1 and §11.5.2).
public enum TunnelPath: Hashable, Sendable {
    /// An authenticator opens a tunnel: `/cable/new/` and the tunnel identifier.
    ///
    /// This one is a matter between an authenticator and its service; the specification leaves it open.
    case new(TunnelID)
    /// A client platform joins a tunnel, or an authenticator that was contacted does.
    case connect(RoutingID, TunnelID)
    /// A client platform contacts an authenticator that it is linked with; the contact identifier is never empty.
    case contact([UInt8])

    /// Reads a path.
    ///
    /// Hexadecimal digits may have either case; otherwise there is one spelling only, without query, dots or a trailing
    /// slash.
    ///
    /// - Returns: `nil` for every other path.
    public init?(path: String) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[0].isEmpty, parts[1] == "cable" else { return nil }
        switch (parts[2], parts.count) {
        case ("new", 4):
            guard let tunnelID = TunnelID(hexadecimal: parts[3]) else { return nil }
            self = .new(tunnelID)
        case ("connect", 5):
            guard let routingID = RoutingID(hexadecimal: parts[3]), let tunnelID = TunnelID(hexadecimal: parts[4])
            else {
                return nil
            }
            self = .connect(routingID, tunnelID)
        case ("contact", 4):
            guard let contactID = Base64URL.decode(parts[3]), !contactID.isEmpty else { return nil }
            self = .contact(contactID)
        default:
            return nil
        }
    }

    /// The path, with lower-case hexadecimal digits.
    public var path: String {
        switch self {
        case .new(let tunnelID): "/cable/new/\(tunnelID.hexadecimal)"
        case .connect(let routingID, let tunnelID): "/cable/connect/\(routingID.hexadecimal)/\(tunnelID.hexadecimal)"
        case .contact(let contactID): "/cable/contact/\(Base64URL.encode(contactID))"
        }
    }
}
