import ArgumentParser
import CertificateAuthority
import FoundationEssentials
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
              {"address":"127.0.0.1","ca":"/run/user/1000/aikagi/tunnel-ca.pem","domain":"cable.wufkweyy3uaxb.com",…}

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

    func validate() throws {
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
            let identity = try serverIdentity(for: domain)
            let server = TunnelServer(
                configuration: TunnelServerConfiguration(host: address, port: Int(port), tls: identity.tls),
                logger: Logger(label: "aikagi.tunnel") { _ in SwiftLogNoOpLogHandler() })
            defer { if identity.caCertificate != nil { directory.withdraw() } }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await server.run() }
                let bound = try await server.boundPort()
                if let ca = identity.caCertificate {
                    try directory.announce(
                        RunDirectory.RunningTunnel(
                            address: address, port: bound, domain: domain.name, domainID: domain.id,
                            ca: directory.tunnelCA), caCertificate: ca)
                }
                announce(domain, port: bound, ca: identity.caCertificate == nil ? nil : directory.tunnelCA)
                try await group.waitForAll()
            }
        }
    }

    private func announce(_ domain: TunnelDomain, port: Int, ca: String?) {
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
    ) throws -> (tls: TunnelServerConfiguration.TLS, caCertificate: String?) {
        if let certificate, let key {
            return (
                TunnelServerConfiguration.TLS(
                    certificateChainPEM: try contents(of: certificate), privateKeyPEM: try contents(of: key)), nil
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

    private func contents(of path: String) throws(CommandFailure) -> String {
        do {
            return String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
        } catch {
            throw CommandFailure("cannot read \(path): \(error)")
        }
    }
}
