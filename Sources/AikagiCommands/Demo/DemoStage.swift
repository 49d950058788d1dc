import BluetoothLE
import CertificateAuthority
import FoundationEssentials
import HybridProtocol
import HybridTransport
import Logging
import NIOPosix
import Portal
import RelyingParty
import SoftwareAuthenticator
import SupplementaryKeys
import TunnelService

/// Everything that the demo's script needs around it, on loopback and in a scratch folder.
struct DemoStage: Sendable {
    /// Does the steps.
    let runner: StepRunner
    /// What the report keeps.
    let evidence: DemoEvidence
    /// The person at the PC.
    let pcGate: any BiometricGate
    /// The person at the phone.
    let phoneGate: any BiometricGate

    /// Starts the services, plays the manual, and takes everything down again.
    func play() async throws {
        try await withScratchDirectory { folder in
            try await withTunnelService { domain, endpoint in
                let devices = try await DemoDevices(
                    folder: folder, pcGate: pcGate, phoneGate: phoneGate, timeline: runner.timeline)
                var configuration = PortalConfiguration(
                    databasePath: folder + "/portal.sqlite", mailDirectory: folder + "/mail")
                configuration.attestation = .direct
                configuration.verifiers = .all
                configuration.showsManualSteps = true
                // The account lives for a second: a third of the usual cost keeps the demo quick.
                if let cost = PasswordCost(logarithmOfRounds: 15, blockSize: 8, parallelism: 1) {
                    configuration.passwordCost = cost
                }
                configuration.logger = Logger(label: "aikagi.portal") { _ in SwiftLogNoOpLogHandler() }
                try await withRunningPortal(configuration) { origin, accounts in
                    let account = try await DemoAccount.add(to: accounts)
                    try await withHTTPClient { client in
                        try await DemoScript(
                            runner: runner, portal: PortalSession(browser: WebBrowser(origin: origin, client: client)),
                            mailbox: MailReader(path: folder + "/mail"), account: account, devices: devices,
                            radio: InProcessRadio(), domain: domain, endpoint: endpoint, evidence: evidence
                        ).run()
                    }
                }
            }
        }
    }

    /// A tunnel service with a throw-away certificate that its clients verify.
    private func withTunnelService(
        _ body: @escaping @Sendable (TunnelDomain, TunnelEndpoint) async throws -> Void
    ) async throws {
        guard let domain = TunnelDomain(id: UInt16(TunnelDomainArgument.standard)) else {
            throw WebFailure("the demo's tunnel domain cannot be served")
        }
        let authority = try ThrowawayCertificateAuthority(now: Date())
        let server = try authority.issueServerCertificate(for: [domain.name], now: Date())
        let tunnel = TunnelServer(
            configuration: TunnelServerConfiguration(
                tls: TunnelServerConfiguration.TLS(
                    certificateChainPEM: server.certificatePEM, privateKeyPEM: server.privateKeyPEM)),
            logger: Logger(label: "aikagi.tunnel") { _ in SwiftLogNoOpLogHandler() })
        try await serving("the tunnel service") {
            try await tunnel.run()
        } while: {
            let port = try await tunnel.boundPort()
            let endpoint = TunnelEndpoint(
                domain: domain, connectAddress: TunnelEndpoint.Address(host: "127.0.0.1", port: port),
                trustRoots: .certificates(pem: authority.certificatePEM))
            try await body(domain, endpoint)
        }
    }
}
