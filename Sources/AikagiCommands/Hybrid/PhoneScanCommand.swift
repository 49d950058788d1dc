import ArgumentParser
import CTAP
import CredentialStorage
import HybridProtocol
import HybridTransport
import NIOPosix
import QRCodes
import SoftwareAuthenticator
import Synchronization

/// `aikagi phone scan`.
struct PhoneScanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scan",
        abstract: "Scan a hybrid QR code and do what it asks: make a passkey, or log in with one.",
        discussion: """
            The phone opens a tunnel, advertises over the (loop-back) radio, shakes hands with the PC, asks its user and \
            answers. Its passkeys are kept, encrypted, in --store.

            Examples:
              aikagi phone scan 'FIDO:/1628…'       the text of a QR code
              aikagi phone scan qr.png --gate ask   a picture; asks you first
              grim - | aikagi phone scan - --json   standard input; JSON Lines

            Events of --json, in order: scanned, tunnel-open, advertising, handshake, request, user, response, closed.
            Exit status 0 when every request was answered with success.
            """)

    @Argument(
        help: ArgumentHelp(
            "The QR code: its text (FIDO:/…), a file with an image of it (PNG, JPEG) or with its text, or - for standard input.",
            valueName: "code"))
    var code: String

    @Option(
        help: ArgumentHelp(
            "The tunnel service to use: its domain's number or name.",
            discussion: "Default: the running `aikagi tunnel`, else 0 (cable.ua5v.com).", valueName: "id|name"))
    var tunnelDomain: TunnelDomainArgument?

    @Option(
        help: ArgumentHelp(
            "Where its passkeys are kept (SQLite); the key file lies beside it.",
            discussion: "Default: phone.sqlite in $XDG_DATA_HOME/aikagi, else ~/.local/share/aikagi.", valueName: "file"
        ))
    var store: String?

    @Option(help: StoreOptions.passphraseFileHelp)
    var passphraseFile: String?

    @Flag(help: "Forget everything at the end instead.")
    var memory = false

    @Option(help: GateArgument.help)
    var gate = GateArgument.approve

    @OptionGroup var hybrid: HybridOptions

    @Flag(help: "Print events as JSON Lines.")
    var json = false

    func validate() throws { try OptionRules.check(checkOptions) }

    private func checkOptions() throws {
        if memory && store != nil { throw ValidationError("--memory and --store exclude each other") }
        if memory && passphraseFile != nil {
            throw ValidationError("--memory and --passphrase-file exclude each other")
        }
    }

    func run() async throws {
        try await runInterruptibly(json: json) {
            let qrCode = try await readQRCode()
            let answered = Mutex<[String]>([])
            let authenticator = try await authenticator { question in answered.withLock { $0.append(question) } }
            let endpoints = try await hybrid.endpoints()
            let domain = try tunnelDomain?.domain ?? hybrid.runningDomain()
            if domain == nil && hybrid.tunnel == nil {
                Console.standard.note(
                    "no `aikagi tunnel` is running here: trying \(TunnelDomain.google.name) (see --tunnel-domain)")
            }
            var scanned = HybridEventLine("scanned")
            scanned.hint = qrCode.operationHint.rawValue
            scanned.print(asJSON: json)
            let session = HybridAuthenticatorSession(
                qrCode: qrCode, authenticator: authenticator, domain: domain ?? .google,
                endpoint: endpoints(domain ?? .google), radio: try hybrid.makeRadio(),
                eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
                observer: { HybridEventLine($0).print(asJSON: json) })
            let statuses = try await session.run()
            if let failed = statuses.first(where: { $0 != .success }) {
                throw CommandFailure("the phone answered \(failed)")
            }
            if statuses.isEmpty { throw CommandFailure("the PC ended the session without a request") }
            if !json { for question in answered.withLock({ $0 }) { Console.standard.result("done: \(question)") } }
        }
    }

    /// - Parameter approved: told what the user approved.
    private func authenticator(_ approved: @escaping @Sendable (String) -> Void) async throws -> Authenticator {
        let json = json
        let observed = ObservedGate(
            gate: try gate.gate(of: "phone", isOnlyDevice: true), asked: { _ in },
            decided: { request, decision in
                if decision == .approved { approved(request.question) }
                var line = HybridEventLine("user")
                // A gate that nobody waits for any more has not decided anything.
                line.decision = Task.isCancelled ? "cancelled" : decision.word
                line.request = request.question
                line.print(asJSON: json)
            })
        var configuration = Authenticator.Configuration(flavour: .phone)
        configuration.offer(.standard)
        return Authenticator(
            configuration: configuration, store: try await credentialStore(), gate: observed,
            reportFailure: { Console.standard.error("\($0)") })
    }

    private func credentialStore() async throws -> any CredentialStore {
        if memory { return MemoryCredentialStore() }
        let path = store ?? userDataDirectory() + "/phone.sqlite"
        if store == nil { try createPrivateDirectory(userDataDirectory()) }
        return try await StoreAccess(path: path, passphraseFile: passphraseFile).open()
    }

    private func readQRCode() async throws -> HybridQRCode {
        if code.lowercased().hasPrefix("fido:/") { return try HybridQRCode(url: code) }
        let data = try await InputFile.read(code, limit: 64 << 20)
        let start = String(decoding: data.prefix(8), as: UTF8.self).lowercased()
        if start.hasPrefix("fido:/") {
            return try HybridQRCode(url: String(decoding: data.prefix { $0 > 0x20 }, as: UTF8.self))
        }
        guard let url = try QRImageReader.read(data: data).first(where: { $0.lowercased().hasPrefix("fido:/") }) else {
            throw CommandFailure("the picture has a QR code, but not one that starts with FIDO:/")
        }
        return try HybridQRCode(url: url)
    }
}
