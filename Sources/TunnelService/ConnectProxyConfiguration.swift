/// How a ``ConnectProxy`` listens, where it leads, and what it allows.
public struct ConnectProxyConfiguration: Sendable {
    /// A place on this machine.
    public struct Destination: Sendable, Hashable {
        /// The address, a loopback one in all likelihood.
        public var host: String
        /// The TCP port.
        public var port: Int

        /// A place on this machine.
        public init(host: String = "127.0.0.1", port: Int) {
            self.host = host
            self.port = port
        }
    }

    /// Where each domain is on this machine; the names in lower case.
    public var destinations: [String: Destination]

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
    public init(destinations: [String: Destination], host: String = "127.0.0.1", port: Int = 0) {
        self.destinations = destinations
        self.host = host
        self.port = port
    }
}
