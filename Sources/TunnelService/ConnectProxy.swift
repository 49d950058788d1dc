public import Logging
public import NIOCore
public import NIOPosix
public import ServiceLifecycle

/// An HTTP proxy on the loopback address that leads to the tunnel service, whatever the names resolve to.
///
/// A program with `https_proxy` in its environment asks it for every connection beyond this machine. `CONNECT
/// domain:443` leads to where the domain is here; everything else is answered with 403 and a line of text, or leads where
/// it would without a proxy. Bytes pass as they are: TLS is between the program and the tunnel service.
public struct ConnectProxy: Service {
    let configuration: ConnectProxyConfiguration
    let logger: Logger
    let stopwatch: Stopwatch
    let eventLoopGroup: any EventLoopGroup
    private let port = ListeningPort()

    /// A proxy that listens once it runs.
    public init(
        configuration: ConnectProxyConfiguration, logger: Logger,
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) {
        self.configuration = configuration
        self.logger = logger
        self.eventLoopGroup = eventLoopGroup
        stopwatch = Stopwatch(configuration.clock)
    }

    /// The port at which the proxy listens; waits until it does.
    ///
    /// - Throws: ``ConnectProxyError/notListening`` when it has ended or could not start.
    public func boundPort() async throws -> Int {
        do {
            return try await port.value()
        } catch is TunnelServerError {
            throw ConnectProxyError.notListening
        }
    }

    /// Serves until the task is cancelled or the service is shut down gracefully; all connections are closed then.
    ///
    /// - Throws: ``ConnectProxyError`` when it cannot start.
    public func run() async throws {
        defer { port.close(.notListening) }
        guard ["127.0.0.1", "::1", "localhost"].contains(configuration.host) else {
            throw ConnectProxyError.beyondLoopback(host: configuration.host)
        }
        let connections = OpenConnections(maximumCount: configuration.maximumConnections)
        try await cancelWhenGracefulShutdown {
            let listener = try await self.listen(connections)
            if let number = listener.channel.localAddress?.port { self.port.open(number) }
            do {
                try await withThrowingDiscardingTaskGroup { group in
                    try await listener.executeThenClose { inbound in
                        for try await connection in inbound {
                            group.addTask { await self.serve(connection) }
                        }
                    }
                    group.cancelAll()
                }
            } catch is CancellationError {
                // This is how it is meant to end.
            }
            await connections.closeAll()
        }
    }

    private func listen(
        _ connections: OpenConnections
    ) async throws(ConnectProxyError) -> NIOAsyncChannel<AcceptedByteChannel, Never> {
        do {
            return try await ServerBootstrap(group: eventLoopGroup)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .bind(host: configuration.host, port: configuration.port) { channel in
                    guard connections.add(channel) else {
                        // A failed initializer alone leaves the connection open.
                        channel.close(promise: nil)
                        return channel.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel)
                    }
                    return channel.eventLoop.makeCompletedFuture {
                        try AcceptedByteChannel(channel, configuration: .halfClosing)
                    }
                }
        } catch {
            throw .cannotListen(
                host: configuration.host, port: configuration.port, reason: String(describing: error))
        }
    }

    /// Connects to a destination.
    ///
    /// - Throws: ``ConnectProxyRefusal/unreachable``.
    func connect(host: String, port: Int) async throws(ConnectProxyRefusal) -> ByteChannel {
        do {
            return try await ClientBootstrap(group: eventLoopGroup)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelOption(.allowRemoteHalfClosure, value: true)
                .connectTimeout(TimeAmount(configuration.connectionLimit))
                .connect(host: host, port: port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try ByteChannel(wrappingChannelSynchronously: channel, configuration: .halfClosing)
                    }
                }
        } catch {
            logger.debug("proxy destination fails", metadata: ["error": "\(error)"])
            throw .unreachable
        }
    }
}
