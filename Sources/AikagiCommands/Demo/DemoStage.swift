import AsyncHTTPClient
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

    /// The account in the insurer's letter: symbol and number, and the person it is for.
    private static let dateOfBirth = "1980-01-23"
    private static let symbol = "1234"
    private static let number = "567"

    /// Starts the services, plays the manual, and takes everything down again.
    func play() async throws {
        try await withScratchDirectory { folder in
            try await withTunnelService { domain, endpoint in
                let devices = try await DemoDevices(
                    folder: folder, pcGate: pcGate, phoneGate: phoneGate, timeline: runner.timeline)
                var configuration = PortalConfiguration(
                    databasePath: folder + "/portal.sqlite", mailDirectory: folder + "/mail")
                configuration.attestation = .direct
                configuration.showsManualSteps = true
                configuration.logger = Logger(label: "aikagi.portal") { _ in SwiftLogNoOpLogHandler() }
                try await withRunningPortal(configuration) { origin, accounts in
                    let account = try await DemoStage.addAccount(to: accounts)
                    try await withHTTPClient { client in
                        try await DemoScript(
                            runner: runner, portal: PortalSession(browser: WebBrowser(origin: origin, client: client)),
                            mailbox: DemoMailbox(path: folder + "/mail"), account: account, devices: devices,
                            radio: InProcessRadio(), domain: domain, endpoint: endpoint, evidence: evidence
                        ).run()
                    }
                }
            }
        }
    }

    /// Adds the demo's account to a portal.
    static func addAccount(
        to accounts: PortalAccounts, userID: String = "demo"
    ) async throws -> FirstLogin.Account {
        guard let birth = CalendarDate(dateOfBirth) else { throw WebFailure("the demo's date of birth is no date") }
        let initial = InitialPassword.rule(symbol: symbol, number: number, dateOfBirth: birth)
        try await accounts.addUser(userID: userID, initialPassword: initial, dateOfBirth: birth, name: "合鍵 花子")
        return FirstLogin.Account(
            userID: userID, initialPassword: initial, dateOfBirth: dateOfBirth, mailAddress: "hanako@example.com",
            password: DemoStage.newPassword())
    }

    /// A password as a password manager would make it: nothing is hard-coded.
    private static func newPassword() -> String {
        let letters = Array("abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789")
        return String((0..<16).compactMap { _ in letters.randomElement() })
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
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await tunnel.run() }
            group.addTask {
                let port = try await tunnel.boundPort()
                let endpoint = TunnelEndpoint(
                    domain: domain, connectAddress: TunnelEndpoint.Address(host: "127.0.0.1", port: port),
                    trustRoots: .certificates(pem: authority.certificatePEM))
                try await body(domain, endpoint)
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}

/// Runs `body` with an HTTP client and shuts it down whatever comes of it.
func withHTTPClient(_ body: (HTTPClient) async throws -> Void) async throws {
    let client = WebBrowser.makeClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
    let outcome: Result<Void, any Error>
    do {
        outcome = .success(try await body(client))
    } catch {
        outcome = .failure(error)
    }
    try await client.shutdown()
    try outcome.get()
}
