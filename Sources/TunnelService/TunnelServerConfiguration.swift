/// How a ``TunnelServer`` listens and what it allows.
public struct TunnelServerConfiguration: Sendable {
    /// The server's identity: PEM text, the chain leaf first.
    public struct TLS: Sendable, CustomStringConvertible {
        /// The certificate chain as PEM, the server's own certificate first.
        public var certificateChainPEM: String

        /// The private key of the first certificate as PEM, a secret.
        public var privateKeyPEM: String

        /// An identity from PEM text.
        public init(certificateChainPEM: String, privateKeyPEM: String) {
            self.certificateChainPEM = certificateChainPEM
            self.privateKeyPEM = privateKeyPEM
        }

        /// Nothing of the key.
        public var description: String { "TLS identity" }
    }

    /// The address to listen at.
    public var host: String

    /// The port to listen at; 0 takes a free one, which ``TunnelServer/boundPort()`` tells.
    public var port: Int

    /// The server's identity; without one it speaks plain text, which is allowed at a loopback address only, behind a
    /// proxy that does TLS.
    public var tls: TLS?

    /// How long an authenticator's tunnel waits for a client.
    public var peerLimit: Duration = .seconds(180)

    /// How long a tunnel with both ends may be silent.
    public var idleLimit: Duration = .seconds(600)

    /// How long TLS and the HTTP request of a connection may take.
    public var handshakeLimit: Duration = .seconds(30)

    /// How long to wait for a peer that was told to close.
    public var closeLimit: Duration = .seconds(2)

    /// The longest message that is relayed, in bytes: 1 MiB, and 64 for padding and authentication tag.
    public var maximumMessageByteCount = (1 << 20) + 64

    /// How many tunnels may wait for their client at a time.
    public var maximumWaitingTunnels = 256

    /// How many connections may be open at a time; further ones are closed at once.
    public var maximumConnections = 1024

    /// The clock of every time limit.
    public var clock: any Clock<Duration> = ContinuousClock()

    /// Where routing identifiers come from.
    public var randomNumberGenerator: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()

    /// A server at some address with the usual limits.
    public init(host: String = "127.0.0.1", port: Int = 0, tls: TLS?) {
        self.host = host
        self.port = port
        self.tls = tls
    }

    /// Whether only programs of this machine can reach the address.
    var isLoopback: Bool { ["127.0.0.1", "::1", "localhost"].contains(host) }
}
