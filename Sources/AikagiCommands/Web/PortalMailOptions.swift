import ArgumentParser
import Portal

/// Where a portal's mails go.
struct PortalMailOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Hand mails to this server, by STARTTLS.",
            discussion: "Without TLS only to this machine itself, and only without --smtp-login-file and --smtp-ca.",
            valueName: "host:port"))
    var smtp: String?

    @Option(
        help: ArgumentHelp(
            "A file with the user name and the password for the mail server, a line each.", valueName: "file"))
    var smtpLoginFile: String?

    @Option(
        help: ArgumentHelp(
            "Trust these certificate authorities for the mail server, in PEM.",
            discussion: "Default: the system's.", valueName: "file"))
    var smtpCA: String?

    @Flag(inversion: .prefixedNo, help: "Show mails that are not sent on the page /mail, to this machine only.")
    var mailPage = true

    func validate() throws { try OptionRules.check(checkOptions) }

    private func checkOptions() throws {
        if let smtp, PortalMailOptions.server(smtp) == nil {
            throw ValidationError("'\(smtp)' is no mail server; write it like mail.example:587 or [::1]:25")
        }
        if smtp == nil && (smtpLoginFile != nil || smtpCA != nil) {
            throw ValidationError("--smtp-login-file and --smtp-ca go with --smtp")
        }
    }

    /// Where mails go: the mail server as a URL, or else the Maildir.
    func destination(maildir: String) -> String { smtp.map { "smtp://\($0)" } ?? maildir }

    /// Puts the options into a configuration, reading the login.
    func apply(to configuration: inout PortalConfiguration) async throws {
        configuration.offersMailPage = mailPage
        guard let smtp, let server = PortalMailOptions.server(smtp) else { return }
        var settings = SMTPConfiguration(host: server.host, port: server.port)
        settings.trustRootsPath = smtpCA
        if let smtpLoginFile {
            let lines = try await InputFile.text(smtpLoginFile).split(
                omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            guard lines.count >= 2,
                let login = SMTPConfiguration.Login(name: String(lines[0]), password: String(lines[1]))
            else {
                throw CommandFailure(
                    "'\(smtpLoginFile)' must hold the user name on its first line and the password on its second")
            }
            settings.login = login
        }
        configuration.smtp = settings
    }

    private static func server(_ text: String) -> (host: String, port: Int)? {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        return host.isEmpty ? nil : (String(host), Int(port))
    }
}
