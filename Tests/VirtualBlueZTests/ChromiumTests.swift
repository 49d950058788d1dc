import BluetoothLE
import CTAP
import CertificateAuthority
import Foundation
import HybridProtocol
import HybridTransport
import Logging
import NIOCore
import NIOPosix
import QRCodes
import SoftwareAuthenticator
import Testing
import TunnelService

@testable import VirtualBlueZ

/// An unmodified Chromium, with no flag but its profile's folder, makes and uses a passkey on our phone.
@Suite(
    .enabled(if: BrowserStage.missing.isEmpty, "not installed: \(BrowserStage.missing.joined(separator: ", "))"),
    .timeLimit(.minutes(3)), .serialized)
struct ChromiumTests {
    @Test("create and get resolve by QR code, adapter and tunnel")
    func createAndGet() async throws {
        try await BrowserStage.run { stage in
            var reports = stage.page.reports.makeAsyncIterator()
            for name in ["created", "used", "chosen"] {
                let decoded = try await stage.answerNextQRCode()
                let report = try #require(await reports.next())
                let delay = decoded.duration(to: report.moment)
                try #require(report.name == name, "\(report.body)")
                print("Chromium: QR code decoded → \(name): \(delay)")
            }
            let ids = stage.page.identifiers
            #expect(ids.count == 3 && Set(ids).count == 1, "\(ids)")
        }
    }
}

/// Everything around a browser: bus, adapter, tunnel service, proxy, trust, screen, page.
private struct BrowserStage: Sendable {
    static let missing = ["chromium", "Xvfb", "certutil", "dbus-daemon"].filter {
        !FileManager.default.isExecutableFile(atPath: "/usr/bin/\($0)")
    }

    let screenPath: String
    let page: TestPage
    let endpoint: TunnelEndpoint
    let radio: InProcessRadio
    let phone: Authenticator
    let seen = SeenCodes()

    actor SeenCodes {
        private var codes: Set<String> = []
        func insert(_ code: String) -> Bool { codes.insert(code).inserted }
    }

    static func run(body: (BrowserStage) async throws -> Void) async throws {
        let radio = InProcessRadio()
        let authority = try ThrowawayCertificateAuthority(now: .now)
        let domain = TunnelDomain.google
        let identity = try authority.issueServerCertificate(for: [domain.name], now: .now)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let tunnel = TunnelServer(
            configuration: .init(
                tls: .init(certificateChainPEM: identity.certificatePEM, privateKeyPEM: identity.privateKeyPEM)),
            logger: logger)
        try await BusHarness.run(radio: radio) { harness in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await tunnel.run() }
                let port = try await tunnel.boundPort()
                let proxy = ConnectProxy(
                    configuration: .init(destinations: [domain.name: .place(port: port)]), logger: logger)
                group.addTask { try await proxy.run() }
                let proxyPort = try await proxy.boundPort()
                let page = try await TestPage()

                let home = harness.directory + "/home"
                try await prepareHome(home, authorityPEM: authority.certificatePEM, harness: harness)
                var environment = harness.environment
                environment["HOME"] = home
                environment["https_proxy"] = "http://127.0.0.1:\(proxyPort)"
                environment["no_proxy"] = "localhost,127.0.0.1,::1"
                try await RunningProgram.run(
                    [
                        "Xvfb", "-displayfd", "1", "-screen", "0", "1280x1024x24", "-fbdir", harness.directory,
                        "-nolisten", "tcp",
                    ], environment: environment
                ) { screen in
                    // Complaints about displays that others have come first.
                    let number = try await screen.read(until: /(?:^|\n)[0-9]+\n/).split(separator: "\n")
                        .last { $0.allSatisfy(\.isNumber) }
                    environment["DISPLAY"] = ":\(try #require(number))"
                    var arguments = ["chromium", "--user-data-dir=\(home)/profile"]
                    // Its sandbox refuses root.
                    if geteuid() == 0 { arguments.append("--no-sandbox") }
                    try await RunningProgram.run(
                        arguments + ["http://localhost:\(page.port)/"], environment: environment
                    ) { browser in
                        let stage = BrowserStage(
                            screenPath: harness.directory + "/Xvfb_screen0", page: page,
                            endpoint: TunnelEndpoint(
                                domain: domain, connectAddress: .init(host: "127.0.0.1", port: port),
                                trustRoots: .certificates(pem: authority.certificatePEM)),
                            radio: radio,
                            phone: Authenticator(
                                configuration: .init(flavour: .phone), store: MemoryCredentialStore(),
                                gate: ApprovingGate()))
                        do {
                            try await body(stage)
                        } catch {
                            browser.kill9()
                            print("the browser said:", await browser.rest().suffix(4000))
                            throw error
                        }
                    }
                }
                try await page.end()
                group.cancelAll()
                try await group.waitForAll()
            }
        }
    }

    /// Makes a home whose certificate store trusts the authority.
    private static func prepareHome(_ home: String, authorityPEM: String, harness: BusHarness) async throws {
        let store = home + "/.pki/nssdb"
        try FileManager.default.createDirectory(atPath: store, withIntermediateDirectories: true)
        try authorityPEM.write(toFile: home + "/authority.pem", atomically: false, encoding: .utf8)
        for arguments in [
            ["-N", "--empty-password"], ["-A", "-n", "aikagi", "-t", "C,,", "-i", home + "/authority.pem"],
        ] {
            let (text, status) = try await harness.output(of: ["certutil", "-d", "sql:" + store] + arguments)
            #expect(status == 0, "\(text)")
        }
    }

    /// Waits for a QR code on the screen that has not been there before, and lets the phone answer it.
    ///
    /// - Returns: when the code was decoded.
    func answerNextQRCode() async throws -> ContinuousClock.Instant {
        while true {
            try Task.checkCancellation()
            // An empty screen has none, and one that is being drawn may not be whole.
            let texts =
                (try? QRImageReader.read(data: [UInt8](Data(contentsOf: URL(fileURLWithPath: screenPath))))) ?? []
            for text in texts where text.hasPrefix("FIDO:/") {
                guard await seen.insert(text) else { continue }
                let moment = ContinuousClock.now
                _ = try await HybridAuthenticatorSession(
                    qrCode: HybridQRCode(url: text), authenticator: phone, domain: .google, endpoint: endpoint,
                    radio: radio, eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
                    observer: { print("Chromium: \(moment.duration(to: .now)) \("\($0)".prefix(24))") }
                ).run()
                return moment
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
