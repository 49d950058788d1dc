/// How a ``ConnectProxy`` listens, where it leads, and what it allows.
public struct ConnectProxyConfiguration: Sendable {
    /// Where a connection leads.
    public enum Destination: Sendable, Hashable {
        /// A place on this machine: its address, and the TCP port.
        case place(host: String = "127.0.0.1", port: Int)
        /// Nowhere: the request is answered with 403.
        case refusal
        /// Nowhere: the connection is established, and what the client sends is never answered.
        case silence
    }

    /// What becomes of a request for a domain that is not among the ``ConnectProxyConfiguration/destinations``.
    public enum Others: Sendable, Hashable {
        /// It is answered with 403.
        case refusal
        /// It leads to where it was meant to, as if there were no proxy.
        case direct
        /// It is passed on to another HTTP proxy, with the credentials (`user:password`) that it asks for, if any.
        case proxy(host: String, port: Int, credentials: String? = nil)
    }

    /// Where the connections to each domain's port 443 lead; the names in lower case.
    public var destinations: [String: Destination]

    /// What becomes of all other connections.
    public var others: Others

    /// The loopback address to listen at.
    public var host: String

    /// The port to listen at; 0 takes a free one, which ``ConnectProxy/boundPort()`` tells.
    public var port: Int

    /// How long a client may take over its request.
    public var requestLimit: Duration = .seconds(10)

    /// How long the way to a destination may take.
    public var connectionLimit: Duration = .seconds(10)

    /// How long one side may go on after the other has ended, and how long a refused client has to read why.
    public var closeLimit: Duration = .seconds(5)

    /// The most bytes that a request may have.
    public var maximumRequestByteCount = 8 * 1024

    /// How many connections may be open at a time; further ones are closed at once.
    public var maximumConnections = 256

    /// The clock of every time limit.
    public var clock: any Clock<Duration> = ContinuousClock()

    /// A proxy to these destinations with the usual limits.
    public init(
        destinations: [String: Destination], others: Others = .refusal, host: String = "127.0.0.1", port: Int = 0
    ) {
        self.destinations = destinations
        self.others = others
        self.host = host
        self.port = port
    }
}
