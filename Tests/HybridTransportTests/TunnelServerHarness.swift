import CertificateAuthority
import FoundationEssentials
import HybridProtocol
import HybridTransport
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import ServiceLifecycle
import TestSupport
import TunnelService

/// A tunnel service on a free port of the loopback address, with a certificate of a throw-away authority.
struct TunnelServerHarness: Sendable {
    static let domainName = "cable.example.test"

    let port: Int
    let authorityPEM: String
    let services: ServiceGroup

    /// Runs a service, then the body, then ends the service and waits until it has ended.
    static func run(
        _ adjust: (inout TunnelServerConfiguration) -> Void = { _ in },
        body: (TunnelServerHarness) async throws -> Void
    ) async throws {
        // TLS checks a certificate against the real time.
        let authority = try ThrowawayCertificateAuthority(now: .now)
        let identity = try authority.issueServerCertificate(for: [domainName], now: .now)
        var configuration = TunnelServerConfiguration(
            tls: .init(certificateChainPEM: identity.certificatePEM, privateKeyPEM: identity.privateKeyPEM))
        configuration.randomNumberGenerator = SeededGenerator(seed: 46)
        adjust(&configuration)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = TunnelServer(configuration: configuration, logger: logger)
        let services = ServiceGroup(services: [server], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            let harness = TunnelServerHarness(
                port: try await server.boundPort(), authorityPEM: authority.certificatePEM, services: services)
            try await body(harness)
            await harness.shutDown()
            try await group.waitForAll()
        }
    }

    /// Begins the graceful shutdown, as SIGTERM does.
    func shutDown() async { await services.triggerGracefulShutdown() }

    /// How clients reach it.
    var endpoint: TunnelEndpoint { endpoint(domainName: Self.domainName) }

    /// How clients would reach it under another name.
    func endpoint(domainName: String) -> TunnelEndpoint {
        TunnelEndpoint(
            domainName: domainName, connectAddress: .init(host: "127.0.0.1", port: port),
            trustRoots: .certificates(pem: authorityPEM))
    }

    /// A connection without TLS, on which nothing has been said.
    func withPlainConnection(_ body: (RawConnection) async throws -> Void) async throws {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        try await channel.executeThenClose { inbound, outbound in
            try await body(RawConnection(inbound: inbound.makeAsyncIterator(), outbound: outbound))
        }
    }

    /// A TLS connection that speaks whatever a test wants.
    func withRawConnection<Result: Sendable>(
        _ body: (RawConnection) async throws -> Result
    ) async throws -> Result {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(authorityPEM.utf8)))
        configuration.shutdownTimeout = .milliseconds(200)
        let context = try NIOSSLContext(configuration: configuration)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        NIOSSLClientHandler(context: context, serverHostname: Self.domainName))
                    return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await body(RawConnection(inbound: inbound.makeAsyncIterator(), outbound: outbound))
        }
    }
}

/// Some tunnel identifiers.
extension TunnelID {
    static func test(_ byte: UInt8) -> TunnelID {
        guard let id = TunnelID([UInt8](repeating: byte, count: byteCount)) else { preconditionFailure("16 bytes") }
        return id
    }
}
