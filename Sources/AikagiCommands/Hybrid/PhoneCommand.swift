import ArgumentParser
import CTAP
import CredentialStorage
import FoundationEssentials
import HybridProtocol
import HybridTransport
import NIOPosix
import QRCodes
import SoftwareAuthenticator

/// `aikagi phone`.
struct PhoneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "phone", abstract: "A phone with passkeys, in software.",
        subcommands: [PhoneScanCommand.self])
}

/// `aikagi phone scan`.
struct PhoneScanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scan",
        abstract: "Scan a hybrid QR code and do what it asks: make a passkey, or log in with one.",
        discussion: """
            The phone opens a tunnel, advertises over the (loop-back) radio, shakes hands with the PC, asks its user and \
            answers. Its passkeys are kept, encrypted, in --store.

            Examples:
              aikagi phone scan 'FIDO:/162870791865632382…'      the text of a QR code
              aikagi phone scan screenshot.png --gate ask         a picture of one; asks you before it answers
              grim - | aikagi phone scan - --json                 a picture from standard input; events as JSON Lines

            Events of --json, in order: scanned, tunnel-open, advertising, handshake, request, user, response, closed.
            Exit status 0 when every request was answered with success.
            """)

    @Argument(
        help: ArgumentHelp(
            "The QR code: its text (FIDO:/…), an image file (PNG, JPEG), or - for an image on standard input.",
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

    @Flag(help: "Forget everything at the end instead.")
    var memory = false

    @Option(help: GateArgument.help)
    var gate = GateArgument.approve

    @OptionGroup var hybrid: HybridOptions

    @Flag(help: "Print events as JSON Lines.")
    var json = false

    func validate() throws {
        if memory && store != nil { throw ValidationError("--memory and --store exclude each other") }
    }

    func run() async throws {
        try await runInterruptibly {
            let qrCode = try readQRCode()
            var scanned = HybridEventLine("scanned")
            scanned.hint = qrCode.operationHint.rawValue
            scanned.print(asJSON: json)
            guard let domain = try tunnelDomain?.domain ?? hybrid.runningDomain() ?? TunnelDomain(id: 0) else {
                throw CommandFailure("this tunnel domain does not exist; give one with --tunnel-domain")
            }
            let session = HybridAuthenticatorSession(
                qrCode: qrCode, authenticator: try authenticator(), domain: domain,
                endpoint: try hybrid.endpoints()(domain), radio: try hybrid.makeRadio(),
                eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
                observer: { HybridEventLine($0).print(asJSON: json) })
            let statuses = try await session.run()
            if let failed = statuses.first(where: { $0 != .success }) {
                throw CommandFailure("the phone answered \(failed)")
            }
            if statuses.isEmpty { throw CommandFailure("the PC ended the session without a request") }
        }
    }

    private func authenticator() throws -> Authenticator {
        let observed = ObservedGate(
            gate: try gate.gate(), asked: { _ in },
            decided: { decision in
                var line = HybridEventLine("user")
                line.decision = "\(decision)"
                line.print(asJSON: json)
            })
        return Authenticator(
            configuration: Authenticator.Configuration(flavour: .phone), store: try credentialStore(), gate: observed,
            reportFailure: { Console.standard.error("\($0)") })
    }

    private func credentialStore() throws -> any CredentialStore {
        if memory { return MemoryCredentialStore() }
        let path = store ?? userDataDirectory() + "/phone.sqlite"
        if store == nil { try createPrivateDirectory(userDataDirectory()) }
        return try SQLiteCredentialStore(path: path, key: try StoreKey(fileAt: path + ".key"))
    }

    private func readQRCode() throws -> HybridQRCode {
        if code.lowercased().hasPrefix("fido:/") { return try HybridQRCode(url: code) }
        let texts = try QRImageReader.read(data: try imageData())
        guard let url = texts.first(where: { $0.lowercased().hasPrefix("fido:/") }) else {
            throw CommandFailure("the picture has a QR code, but not one that starts with FIDO:/")
        }
        return try HybridQRCode(url: url)
    }

    private func imageData() throws(CommandFailure) -> [UInt8] {
        do {
            let file = code == "-" ? "/dev/stdin" : code
            return Array(try Data(contentsOf: URL(filePath: file)))
        } catch {
            throw CommandFailure("'\(code)' is neither a FIDO:/ code nor a picture that can be read: \(error)")
        }
    }
}
