import Glibc
import HybridProtocol
public import Logging
public import NIOCore
import NIOHTTP1
public import NIOPosix
import NIOSSL
public import ServiceLifecycle
import Synchronization

/// A tunnel service: joins an authenticator and a client platform that know the same tunnel, and relays their messages.
///
/// An authenticator opens `/cable/new/TUNNEL` and is told a routing identifier; one client opens
/// `/cable/connect/ROUTING/TUNNEL`; from then on every binary WebSocket message of the one goes to the other verbatim. What they
/// say is encrypted between them: the service has no keys, and never logs a payload.
///
/// | status | when |
/// |---|---|
/// | 101 | with `Sec-WebSocket-Protocol: fido.cable`, and `X-caBLE-Routing-ID` for an authenticator |
/// | 400 | no WebSocket handshake, or the subprotocol is not offered |
/// | 404 | another path, or no authenticator waits in the tunnel |
/// | 405 | another method than GET |
/// | 409 | an authenticator waits in the tunnel already |
/// | 410 | `/cable/contact/…`: there is no way to reach an authenticator that is not connected |
/// | 503 | too many tunnels wait |
///
/// Close codes: 1000 the peer has closed, 1001 it has vanished or the service shuts down, 1002 an empty message or a broken
/// frame, 1003 a text message, 1008 a limit was exceeded or the peer broke the protocol, 1009 a message was too long.
public struct TunnelServer: Service {
    let configuration: TunnelServerConfiguration
    let logger: Logger
    let stopwatch: Stopwatch
    let registry: TunnelRegistryBox
    private let eventLoopGroup: any EventLoopGroup
    private let port = ListeningPort()

    /// A server that listens once it runs.
    public init(
        configuration: TunnelServerConfiguration, logger: Logger,
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) {
        self.configuration = configuration
        self.logger = logger
        self.eventLoopGroup = eventLoopGroup
        stopwatch = Stopwatch(configuration.clock)
        registry = TunnelRegistryBox(configuration: configuration)
    }

    /// The port at which the server listens; waits until it does.
    ///
    /// - Throws: ``TunnelServerError/notListening`` when it has ended, or why it could not start; `CancellationError`.
    public func boundPort() async throws -> Int { try await port.value() }

    /// Serves until the task is cancelled or the service is shut down gracefully; all connections are closed then.
    ///
    /// - Throws: ``TunnelServerError`` when it cannot start.
    public func run() async throws {
        do {
            try await listenAndServe()
            port.close(.notListening)
        } catch {
            port.close((error as? TunnelServerError) ?? .notListening)
            throw error
        }
        logger.info("tunnel service ended")
    }

    private func listenAndServe() async throws {
        let tls = try makeTLSContext()
        let connections = OpenConnections(maximumCount: configuration.maximumConnections)
        let pipeline = TunnelPipeline(
            tls: tls, maximumFrameByteCount: configuration.maximumMessageByteCount, admit: { self.admit($0) })
        try await cancelWhenGracefulShutdown {
            let listener = try await self.listen(pipeline, connections: connections)
            do {
                try await self.serve(listener)
            } catch is CancellationError {
                // This is how it is meant to end.
            }
            await connections.closeAll()
        }
    }

    private func makeTLSContext() throws(TunnelServerError) -> NIOSSLContext? {
        guard let tls = configuration.tls else {
            guard configuration.isLoopback else { throw .plainTextBeyondLoopback(host: configuration.host) }
            return nil
        }
        do {
            let chain = try NIOSSLCertificate.fromPEMBytes(Array(tls.certificateChainPEM.utf8))
            let key = try NIOSSLPrivateKey(bytes: Array(tls.privateKeyPEM.utf8), format: .pem)
            var context = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
            context.minimumTLSVersion = .tlsv12
            context.applicationProtocols = ["http/1.1"]
            context.shutdownTimeout = .seconds(1)
            return try NIOSSLContext(configuration: context)
        } catch {
            throw .identity(reason: String(describing: error))
        }
    }

    private func listen(
        _ pipeline: TunnelPipeline, connections: OpenConnections
    ) async throws(TunnelServerError) -> NIOAsyncChannel<AcceptedConnection, Never> {
        do {
            return try await ServerBootstrap(group: eventLoopGroup)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(.autoRead, value: false)
                .bind(host: configuration.host, port: configuration.port) { channel in
                    let accepted =
                        connections.add(channel)
                        ? pipeline.configure(channel)
                        : channel.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel)
                    // NIO forgets a connection whose initializer fails, and leaves its socket open.
                    accepted.whenFailure { _ in channel.close(promise: nil) }
                    return accepted
                }
        } catch {
            throw .cannotListen(
                host: configuration.host, port: configuration.port,
                reason: (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)")
        }
    }

    private func serve(_ listener: NIOAsyncChannel<AcceptedConnection, Never>) async throws {
        let address = listener.channel.localAddress
        logger.info("tunnel service listens", metadata: ["address": "\(address.map { "\($0)" } ?? "?")"])
        if let number = address?.port { port.open(number) }
        // Discarding: a server that runs for months must not keep the result of every connection.
        try await withThrowingDiscardingTaskGroup { group in
            try await listener.executeThenClose { inbound in
                for try await connection in inbound {
                    group.addTask { await self.serve(connection) }
                }
            }
            group.cancelAll()
        }
    }

    /// Decides on a request: finds or makes its tunnel.
    private func admit(_ request: TunnelRequest) -> Result<(AcceptedConnection.Claim, HTTPHeaders), TunnelRefusal> {
        var headers: HTTPHeaders = ["Sec-WebSocket-Protocol": TunnelHeader.subprotocol]
        let now = stopwatch.now
        do throws(TunnelRefusal) {
            switch request {
            case .new(let tunnelID):
                let tunnel = Tunnel(now: now)
                let routingID = try registry.open(tunnelID, tunnel: tunnel, now: now)
                headers.add(name: TunnelHeader.routingID, value: routingID.hexadecimal)
                return .success((.init(tunnelID: tunnelID, tunnel: tunnel, side: .authenticator), headers))
            case .connect(let routingID, let tunnelID):
                let tunnel = try registry.claim(tunnelID, routingID: routingID, now: now)
                tunnel.pair(now: now)
                return .success((.init(tunnelID: tunnelID, tunnel: tunnel, side: .client), headers))
            }
        } catch {
            logger.debug("request refused", metadata: ["status": "\(error.status)", "reason": "\(error.message)"])
            return .failure(error)
        }
    }
}
