public import HybridProtocol

/// A tunnel service as a client sees it: its name, where to connect to, and whom to trust.
public struct TunnelEndpoint: Sendable, Hashable {
    /// A host and a port.
    public struct Address: Sendable, Hashable, CustomStringConvertible {
        /// A host name or an IP address.
        public var host: String
        /// The TCP port.
        public var port: Int

        /// An address.
        public init(host: String, port: Int) {
            self.host = host
            self.port = port
        }

        /// Host and port as a person writes them.
        public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
    }

    /// Whose signature a server's certificate needs.
    public enum TrustRoots: Sendable, Hashable {
        /// The authorities that the operating system trusts.
        case system
        /// These authorities only, as PEM text of one or more certificates.
        case certificates(pem: String)
    }

    /// The name that the certificate has to be for; also in SNI, `Host` and `Origin`.
    public var domainName: String

    /// Where to connect to.
    public var address: Address

    /// Whose signature the certificate needs.
    public var trustRoots: TrustRoots

    /// A tunnel service.
    ///
    /// - Parameters:
    ///   - domainName: its name.
    ///   - connectAddress: where to connect to instead of the name's own address and port 443, for example a service on
    ///     this machine; the certificate still has to be for the name.
    ///   - trustRoots: whose signature the certificate needs.
    public init(domainName: String, connectAddress: Address? = nil, trustRoots: TrustRoots = .system) {
        self.domainName = domainName
        address = connectAddress ?? Address(host: domainName, port: 443)
        self.trustRoots = trustRoots
    }

    /// The tunnel service of an advertisement's domain.
    public init(domain: TunnelDomain, connectAddress: Address? = nil, trustRoots: TrustRoots = .system) {
        self.init(domainName: domain.name, connectAddress: connectAddress, trustRoots: trustRoots)
    }
}
