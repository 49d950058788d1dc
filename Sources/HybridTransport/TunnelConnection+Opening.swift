import Glibc
public import HybridProtocol
public import NIOCore
import NIOHTTP1
public import NIOPosix
import NIOSSL
import NIOWebSocket

extension TunnelConnection {
    /// Connects to a tunnel service, runs the body, and closes the connection whatever comes of it.
    ///
    /// The server's certificate is always verified in full, its name included.
    ///
    /// - Parameters:
    ///   - endpoint: the service.
    ///   - path: what is asked of it.
    ///   - eventLoopGroup: where the connection lives.
    ///   - clock: measures the limit.
    ///   - timeLimit: how long TCP, TLS and the handshakes may take.
    ///   - body: uses the connection; cancelled with the task.
    /// - Throws: ``TunnelError`` when there is no tunnel, `CancellationError`, or what the body throws.
    public static func withConnection<Result: Sendable>(
        to endpoint: TunnelEndpoint, path: TunnelPath,
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        clock: any Clock<Duration> = ContinuousClock(), timeLimit: Duration = usualTimeLimit,
        body: (TunnelConnection) async throws -> Result
    ) async throws -> Result {
        let opening = try TunnelOpening(endpoint: endpoint, path: path)
        let opened = try await opening.open(eventLoopGroup: eventLoopGroup, clock: clock, timeLimit: timeLimit)
        return try await opened.channel.executeThenClose { inbound, outbound in
            let connection = TunnelConnection(
                routingID: opened.routingID, inbound: inbound, outbound: outbound, state: opened.state)
            let channel = opened.channel.channel
            defer { channel.triggerUserOutboundEvent(TunnelFrameHandler.Close(), promise: nil) }
            return try await body(connection)
        }
    }
}

/// A connection that has not been handed to its body yet.
struct OpenedTunnel: Sendable {
    var channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>
    var routingID: RoutingID?
    var state: TunnelCloseState
}

/// The way from an endpoint to an open tunnel: TCP, TLS, the HTTP upgrade.
struct TunnelOpening: Sendable {
    private enum Upgrade: Sendable {
        case opened(RoutingID?, TunnelCloseState)
        case refused(EventLoopFuture<Int>)
    }

    private enum Outcome: Sendable {
        case opened(OpenedTunnel)
        case refused(EventLoopFuture<Int>)
    }

    private let endpoint: TunnelEndpoint
    private let path: TunnelPath
    private let tls: NIOSSLContext

    /// Prepares a connection.
    init(endpoint: TunnelEndpoint, path: TunnelPath) throws(TunnelError) {
        self.endpoint = endpoint
        self.path = path
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        configuration.shutdownTimeout = .seconds(1)
        do {
            switch endpoint.trustRoots {
            case .system: configuration.trustRoots = .default
            case .certificates(let pem):
                configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(pem.utf8)))
            }
            tls = try NIOSSLContext(configuration: configuration)
        } catch {
            throw .invalidTrustRoots(reason: String(describing: error))
        }
        do {
            // NIOSSL would say so too, but only once there is a connection.
            _ = try NIOSSLClientHandler(context: tls, serverHostname: endpoint.domainName)
        } catch {
            throw .invalidDomainName(endpoint.domainName)
        }
    }

    /// Opens the tunnel.
    ///
    /// Whoever gets it has to run `executeThenClose` on its channel.
    func open(
        eventLoopGroup: any EventLoopGroup, clock: any Clock<Duration>, timeLimit: Duration
    ) async throws -> OpenedTunnel {
        let attempt = TunnelAttempt()
        let timedOut = TunnelError.timedOut(
            address: endpoint.address.description, seconds: Int(timeLimit.components.seconds))
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await clock.sleep(for: timeLimit)
                attempt.giveUp(timedOut)
            }
            defer { group.cancelAll() }
            do {
                return try await withTaskCancellationHandler {
                    try await connect(attempt, eventLoopGroup: eventLoopGroup)
                } onCancel: {
                    attempt.giveUp(CancellationError())
                }
            } catch {
                let reason = attempt.reason ?? translate(error)
                // Whatever went wrong, and wherever: no socket is left open.
                attempt.giveUp(reason)
                throw reason
            }
        }
    }

    private func connect(_ attempt: TunnelAttempt, eventLoopGroup: any EventLoopGroup) async throws -> OpenedTunnel {
        let outcome = try await ClientBootstrap(group: eventLoopGroup)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connect(host: endpoint.address.host, port: endpoint.address.port) {
                channel -> EventLoopFuture<EventLoopFuture<Outcome>> in
                guard attempt.begin(channel) else {
                    return channel.eventLoop.makeFailedFuture(CancellationError())
                }
                return channel.eventLoop.makeCompletedFuture { try configure(channel) }
            }
            .get()
        switch outcome {
        case .opened(let tunnel): return tunnel
        case .refused(let status): throw TunnelError.refused(status: try await status.get(), path: path.path)
        }
    }

    /// Builds the pipeline: TLS, HTTP/1.1, and WebSocket after the upgrade.
    private func configure(_ channel: any Channel) throws -> EventLoopFuture<Outcome> {
        try channel.pipeline.syncOperations.addHandler(
            NIOSSLClientHandler(context: tls, serverHostname: endpoint.domainName))
        let upgrader = NIOTypedWebSocketClientUpgrader<Upgrade>(
            maxFrameSize: TunnelConnection.maximumMessageByteCount,
            enableAutomaticErrorHandling: false,
            upgradePipelineHandler: { channel, head in
                channel.eventLoop.makeCompletedFuture {
                    let routingID = try self.check(head)
                    let state = TunnelCloseState()
                    try channel.pipeline.syncOperations.addHandler(TunnelFrameHandler(state: state))
                    return .opened(routingID, state)
                }
            })
        var configuration = NIOUpgradableHTTPClientPipelineConfiguration(
            upgradeConfiguration: NIOTypedHTTPClientUpgradeConfiguration(
                upgradeRequestHead: requestHead,
                upgraders: [upgrader],
                notUpgradingCompletionHandler: { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let status = channel.eventLoop.makePromise(of: Int.self)
                        try channel.pipeline.syncOperations.addHandler(StatusHandler(status: status))
                        return .refused(status.futureResult)
                    }
                }))
        // A message may follow the response in the same TCP segment.
        configuration.leftOverBytesStrategy = .forwardBytes
        let upgrade = try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(
            configuration: configuration)
        // The asynchronous channel is made at the last moment, on the way to the one who will consume it: an asynchronous
        // channel must not be lost.
        return upgrade.flatMapThrowing { upgrade in
            switch upgrade {
            case .refused(let status): return .refused(status)
            case .opened(let routingID, let state):
                let asynchronous = try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                    wrappingChannelSynchronously: channel,
                    configuration: .init(backPressureStrategy: .init(lowWatermark: 1, highWatermark: 4)))
                return .opened(OpenedTunnel(channel: asynchronous, routingID: routingID, state: state))
            }
        }
    }

    private var requestHead: HTTPRequestHead {
        HTTPRequestHead(
            version: .http1_1, method: .GET, uri: path.path,
            headers: [
                "Host": endpoint.domainName,
                "Origin": "wss://" + endpoint.domainName,
                "Sec-WebSocket-Protocol": TunnelHeader.subprotocol,
            ])
    }

    /// Checks what a tunnel's response has to have beyond WebSocket's own requirements.
    private func check(_ head: HTTPResponseHead) throws(TunnelError) -> RoutingID? {
        let subprotocols = head.headers["Sec-WebSocket-Protocol"]
        guard subprotocols == [TunnelHeader.subprotocol] else {
            throw .wrongSubprotocol(
                subprotocols.isEmpty ? nil : PrintableText.of(subprotocols.joined(separator: ", ")))
        }
        guard case .new = path else { return nil }
        let routingIDs = head.headers[TunnelHeader.routingID]
        guard routingIDs.count == 1, let routingID = routingIDs.first.flatMap({ RoutingID(hexadecimal: $0) }) else {
            throw .missingRoutingID
        }
        return routingID
    }

    /// The sentence for an error of the layers below.
    private func translate(_ error: any Error) -> any Error {
        let address = endpoint.address.description
        switch error {
        case is TunnelError, is CancellationError: return error
        case let error as NIOConnectionError:
            let failed = error.connectionErrors.first?.error
            let reason =
                (failed as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? failed.map { "\($0)" }
                ?? "the name is unknown"
            return TunnelError.unreachable(address: address, reason: reason)
        case NIOSSLError.handshakeFailed(let reason):
            let text = String(describing: reason)
            return text.contains("CERTIFICATE_VERIFY_FAILED")
                ? TunnelError.certificateNotTrusted(domainName: endpoint.domainName, reason: "verification failed")
                : TunnelError.tlsFailed(address: address, reason: text)
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            return TunnelError.certificateForOtherName(domainName: endpoint.domainName)
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            return TunnelError.tlsFailed(address: address, reason: String(describing: error))
        case is NIOHTTPClientUpgradeError, is HTTPParserError:
            return TunnelError.invalidHandshake(reason: String(describing: error))
        case is ChannelError:
            return TunnelError.connectionLost
        default:
            return TunnelError.unreachable(address: address, reason: String(describing: error))
        }
    }
}
