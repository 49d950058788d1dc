import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
public import ServiceLifecycle

/// The web portal of the manual: first login, biometrics, login with them.
public struct PortalApplication: Service {
    let core: PortalCore

    /// Opens the database and the Maildir.
    ///
    /// - Throws: An error of the database or the file system, or ``RelyingParty/RelyingPartyConfigurationError`` when the origins do
    ///   not belong to the RP ID.
    public init(configuration: PortalConfiguration) throws {
        core = try PortalCore(configuration: configuration)
    }

    /// The accounts of the portal.
    public var accounts: PortalAccounts {
        PortalAccounts(database: core.database, passwords: core.passwords, now: core.configuration.clock)
    }

    /// Serves until the task is cancelled or the service group shuts down.
    ///
    /// - Throws: ``PortalListenError`` when the address and port cannot be listened on.
    public func run() async throws {
        let core = core
        try await withThrowingTaskGroup(of: Void.self) { group in
            // Ends with the server, not before: while it shuts down, answers may still tell of changes.
            group.addTask { await core.outbox.run() }
            defer { group.cancelAll() }
            do {
                try await application().run()
            } catch {
                throw PortalListenError(error, address: core.configuration.address, port: core.configuration.port)
                    ?? error
            }
        }
    }

    /// The HTTP server.
    func application() throws -> some ApplicationProtocol {
        let core = core
        let limit = TimeAmount(core.configuration.exchangeTimeout)
        let settings = HTTP1Channel.Configuration(idleTimeout: TimeAmount(core.configuration.idleTimeout))
        let http = HTTPServerBuilder { responder in
            TimedHTTPChannel(http: HTTP1Channel(responder: responder, configuration: settings), limit: limit)
        }
        return Application(
            responder: PortalRoutes.responder(core),
            server: try core.tls.map { try .tls(http, tlsConfiguration: $0) } ?? http,
            configuration: ApplicationConfiguration(
                address: .hostname(core.configuration.address, port: core.configuration.port),
                availableConnectionsDelegate: MaximumAvailableConnections(
                    max(core.configuration.maximumConnections, 1), logger: core.configuration.logger)),
            onServerRunning: { channel in
                guard let port = channel.localAddress?.port else { return }
                core.origins.listening(port: port)
                core.configuration.logger.info("portal listens", metadata: ["port": "\(port)"])
                await core.configuration.onListening(port)
            },
            logger: core.configuration.logger)
    }
}
