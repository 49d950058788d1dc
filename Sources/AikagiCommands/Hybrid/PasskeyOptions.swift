import ArgumentParser
import FoundationEssentials
import NIOSSL

/// What `aikagi login` and `aikagi register` have in common: the relying party, and how the QR code is shown.
struct PasskeyOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("The portal, for example http://localhost:8080.", valueName: "portal-url"))
    var portal: String?

    @Flag(help: "Use a phone: QR code and Bluetooth. The only way so far, and therefore required.")
    var hybrid = false

    @Option(
        help: ArgumentHelp(
            "The certificate authority to trust at the portal (PEM).", discussion: "Default: the system's.",
            valueName: "file"))
    var portalCa: String?

    @Option(help: ArgumentHelp("The user ID at the portal.", valueName: "id"))
    var user: String?

    @Option(help: ArgumentHelp("A file whose first line is the password.", valueName: "file"))
    var passwordFile: String?

    @Option(
        help: ArgumentHelp(
            "Instead of a portal: a file with the options as JSON (- for standard input); the response is the result.",
            valueName: "file"))
    var options: String?

    @Option(
        help: ArgumentHelp("With --options: the origin of the page, for example https://example.com.", valueName: "url")
    )
    var origin: String?

    @Option(help: ArgumentHelp("Write the QR code to this file as well (PNG).", valueName: "file"))
    var qr: String?

    @OptionGroup var transport: HybridOptions

    @Flag(help: "Print events and the result as JSON Lines.")
    var json = false

    func validate() throws { try OptionRules.check(checkOptions) }

    private func checkOptions() throws {
        guard hybrid else {
            throw ValidationError("give --hybrid: the phone is the only authenticator of this command")
        }
        guard (portal == nil) != (options == nil) else {
            throw ValidationError("give either the portal's URL, or --options with --origin")
        }
        guard (options == nil) == (origin == nil) else { throw ValidationError("--options and --origin go together") }
        _ = try portalOrigin()
        guard portal != nil || (user == nil && passwordFile == nil && portalCa == nil) else {
            throw ValidationError("--user, --password-file and --portal-ca are for a portal")
        }
        guard portalCa == nil || portal?.hasPrefix("https://") == true else {
            throw ValidationError("--portal-ca is for a portal with an https address")
        }
        guard (user == nil) == (passwordFile == nil) else {
            throw ValidationError("--user and --password-file go together")
        }
    }

    /// The portal's origin, without a path.
    func portalOrigin() throws(ValidationError) -> String? {
        guard let portal else { return nil }
        guard let url = URL(string: portal), let scheme = url.scheme, ["http", "https"].contains(scheme),
            let host = url.host(), ["", "/"].contains(url.path())
        else { throw ValidationError("'\(portal)' is not the address of a portal, for example http://localhost:8080") }
        let port = url.port.map { ":\($0)" } ?? ""
        // Passkeys belong to domains (WebAuthn Level 3 §5.1.3), and a number is none.
        guard !host.contains(":"), !host.allSatisfy({ $0.isNumber || $0 == "." }) else {
            throw ValidationError("passkeys need a domain, not an address: use \(scheme)://localhost\(port)")
        }
        return "\(scheme)://\(host)\(port)"
    }

    /// The certificates of --portal-ca.
    func portalAuthorities() async throws -> [NIOSSLCertificate]? {
        guard let portalCa else { return nil }
        let pem = try await InputFile.read(portalCa, limit: 1 << 20)
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(pem), !certificates.isEmpty else {
            throw CommandFailure("'\(portalCa)' holds no certificate; give that of the portal's authority, in PEM")
        }
        return certificates
    }

    /// User ID and password.
    func credentials() async throws -> (userID: String, password: String)? {
        guard let user, let passwordFile else { return nil }
        let password = String(try await InputFile.text(passwordFile).prefix { !$0.isNewline })
        guard !password.isEmpty else {
            throw CommandFailure("the first line of '\(passwordFile)' is empty: put the password there")
        }
        return (user, password)
    }

    /// The JSON of --options.
    func optionsJSON<Value: Decodable>(_ type: Value.Type) async throws -> Value? {
        guard let options else { return nil }
        let data = Data(try await InputFile.read(options, limit: 1 << 20))
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch let error as DecodingError {
            throw CommandFailure("the options in '\(options)' cannot be used: \(error.sentence)")
        }
    }
}
