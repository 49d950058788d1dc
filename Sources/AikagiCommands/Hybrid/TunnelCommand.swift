import ArgumentParser
import CertificateAuthority
import FoundationEssentials
import Glibc
import HybridProtocol
import Logging
import TunnelService

/// `aikagi tunnel`.
struct TunnelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tunnel",
        abstract: "Run the tunnel service: the relay through which PC and phone talk.",
        discussion: """
            Without --certificate it makes a throw-away certificate authority; `phone scan`, `login` and `register` on this \
            machine find the service and trust it by themselves (run directory), other programs are told where the \
            authority's certificate is. The service relays ciphertext: it has no keys.

            Example:
              aikagi tunnel --json
              {"event":"listening","address":"127.0.0.1","port":40123,…}

            Runs until SIGINT or SIGTERM.
            """)

    @Option(help: "The address to listen on.")
    var address = "127.0.0.1"

    @Option(help: "The port to listen on; 0 takes a free one.")
    var port: UInt16 = 0

    @Option(
        help: ArgumentHelp(
            "The tunnel domain to serve: its number, or its name.",
            discussion: "Default: 266, which is cable.wufkweyy3uaxb.com. 0 is Google's, 1 is Apple's.",
            valueName: "id|name"))
    var domain: TunnelDomainArgument?

    @Option(help: ArgumentHelp("The server's certificate chain (PEM), with --key.", valueName: "file"))
    var certificate: String?

    @Option(help: ArgumentHelp("The certificate's private key (PEM).", valueName: "file"))
    var key: String?

    @OptionGroup var runDirectory: RunDirectoryOptions

    @Flag(help: "Print where it listens as JSON.")
    var json = false

    func validate() throws { try OptionRules.check(checkOptions) }

    private func checkOptions() throws {
        guard (certificate == nil) == (key == nil) else {
            throw ValidationError("--certificate and --key go together")
        }
    }

    private struct Listening: Encodable {
        var event = "listening"
        var address: String
        var port: Int
        var domain: String
        var domainID: UInt16
        var ca: String?
    }

    func run() async throws {
        try await runInterruptibly {
            guard let domain = domain?.domain ?? TunnelDomain(id: UInt16(TunnelDomainArgument.standard)) else {
                throw CommandFailure("this tunnel domain cannot be served")
            }
            let directory = try runDirectory.directory()
            let identity = try await serverIdentity(for: domain)
            let server = TunnelServer(
                configuration: TunnelServerConfiguration(host: address, port: Int(port), tls: identity.tls),
                logger: Logger(label: "aikagi.tunnel") { _ in SwiftLogNoOpLogHandler() })
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await server.run() }
                defer { group.cancelAll() }
                let port = try await server.boundPort()
                guard let ca = identity.caCertificate else {
                    show(domain, port: port, ca: nil)
                    return try await group.waitForAll()
                }
                let running = RunDirectory.RunningTunnel(
                    address: address, port: port, domain: domain.name, domainID: domain.id,
                    ca: directory.tunnelCA(port: port), process: getpid())
                let isFound = try directory.announce(running, caCertificate: ca)
                defer { directory.withdraw(running) }
                show(domain, port: port, ca: running.ca)
                if !isFound {
                    Console.standard.note(
                        "another tunnel service is announced in \(directory.path); reach this one with "
                            + "--tunnel \(address):\(port) --tunnel-ca \(running.ca) --tunnel-domain \(domain.id)")
                }
                try await group.waitForAll()
            }
        }
    }

    private func show(_ domain: TunnelDomain, port: Int, ca: String?) {
        if json {
            Console.standard.json(
                Listening(address: address, port: port, domain: domain.name, domainID: domain.id, ca: ca))
        } else {
            Console.standard.result("tunnel service for \(domain.name) (domain \(domain.id)) on \(address):\(port)")
            if let ca { Console.standard.result("its certificate authority: \(ca)") }
        }
    }

    private func serverIdentity(
        for domain: TunnelDomain
    ) async throws -> (tls: TunnelServerConfiguration.TLS, caCertificate: String?) {
        if let certificate, let key {
            return (
                TunnelServerConfiguration.TLS(
                    certificateChainPEM: try await InputFile.text(certificate),
                    privateKeyPEM: try await InputFile.text(key)), nil
            )
        }
        let authority = try ThrowawayCertificateAuthority(now: Date())
        let server = try authority.issueServerCertificate(for: [domain.name], now: Date())
        return (
            TunnelServerConfiguration.TLS(
                certificateChainPEM: server.certificatePEM, privateKeyPEM: server.privateKeyPEM),
            authority.certificatePEM
        )
    }
}
