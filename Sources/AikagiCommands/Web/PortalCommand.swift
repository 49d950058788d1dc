import ArgumentParser
import Foundation
import Glibc
import Logging
import Portal
import RelyingParty

/// `aikagi portal`.
struct PortalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "portal",
        abstract: "Run the manual's web portal: first login, passkeys, login with them.",
        discussion: """
            A web site for browsers and for `aikagi register` and `aikagi login`. Without --smtp, mail is not sent \
            but written to a Maildir, which the page /mail shows to this machine. Secrets of authenticator apps are sealed with the file portal.sqlite.key beside the database.

            --demo adds two accounts and prints them: one at the start of the manual (first login to be done in a \
            browser), and one whose first login is complete, ready for `aikagi register`. The command completes it itself, \
            at localhost without TLS and with mail that stays here: no --smtp, --origin or --certificate.

            Examples:
              aikagi portal --demo --password-file pw --port 8080
              aikagi portal --data folder --port 8080   keeps accounts and mail
              aikagi portal --data folder --smtp mail.example:587 --smtp-login-file login
              aikagi portal --data folder --certificate chain.pem --private-key key.pem
              aikagi portal --data folder --address 0.0.0.0 --origin https://a.example
              aikagi portal users import --data folder accounts.csv
              aikagi portal --demo --metadata blob.jwt

            Runs until SIGINT or SIGTERM.
            """,
        subcommands: [PortalUsersCommand.self])

    @Option(help: "The address to listen on.")
    var address = "127.0.0.1"

    @Option(help: "The port to listen on; 0 takes a free one.")
    var port: UInt16 = 0

    @OptionGroup var folder: PortalDataOptions

    @OptionGroup(title: "Web") var web: PortalWebOptions

    @OptionGroup(title: "Mail") var mailing: PortalMailOptions

    @Flag(help: "Show on each page which steps of the manual it covers.")
    var manual = false

    @Flag(help: "Add two demo accounts and print them.")
    var demo = false

    @OptionGroup var file: PortalPasswordOptions

    @OptionGroup var time: PortalClockOptions

    @Option(
        help: ArgumentHelp(
            "An origin of another domain whose pages may use the portal's passkeys (repeatable).", valueName: "url"))
    var relatedOrigin: [String] = []

    @OptionGroup var attestation: AttestationTrustOptions

    @OptionGroup var output: PortalOutputOptions

    func validate() throws { try OptionRules.check(checkOptions) }

    private func checkOptions() throws {
        if demo && (mailing.smtp != nil || !web.origin.isEmpty || web.certificate != nil) {
            throw ValidationError(
                "--demo completes an account's first login by itself, at localhost without TLS and with mail that stays here; "
                    + "leave out --smtp, --origin and --certificate")
        }
    }

    private struct Listening: Encodable {
        var event = "listening"
        var url: String
        var mail: String
    }

    private struct Account: Encodable {
        var event = "account"
        var userID: String
        var password: String
        var dateOfBirth: String
        var firstLoginComplete: Bool
    }

    func run() async throws {
        if file.passwordFile != nil && !demo { throw ValidationError("--password-file goes with --demo") }
        try await runInterruptibly {
            if let data = folder.data {
                try createPrivateDirectory(data)
                try await serve(data)
            } else {
                try await withScratchDirectory { folder in try await serve(folder) }
            }
        }
    }

    private func serve(_ folder: String) async throws {
        var configuration = try await PortalConfiguration(
            in: folder, address: address, port: port, web: web, mailing: mailing)
        let mail = configuration.mailDirectory
        configuration.showsManualSteps = manual
        configuration.attestationPolicy = try await attestation.policy()
        configuration.relatedOrigins = relatedOrigin
        try time.apply(to: &configuration)
        try await withRunningPortal(configuration) { origin, accounts in
            if demo { try await addDemoAccounts(accounts, origin: origin, mail: mail) }
            if output.json {
                Console.standard.json(Listening(url: origin, mail: mailing.destination(maildir: mail)))
            } else {
                let place = mailing.smtp.map { "to \($0)" } ?? "\(mail), a Maildir"
                Console.standard.result("portal on \(origin)  (mail: \(place))")
            }
            // Serves until the command is cancelled.
            while true { try await Task.sleep(for: .seconds(3600)) }
        }
    }

    private func addDemoAccounts(_ accounts: PortalAccounts, origin: String, mail: String) async throws {
        let fresh: FirstLogin.Account
        let ready: FirstLogin.Account
        do {
            fresh = try await DemoAccount.add(to: accounts, userID: "demo-new")
            ready = try await DemoAccount.add(to: accounts, userID: "demo")
        } catch {
            throw CommandFailure("cannot add the demo accounts: \(error); --demo needs a fresh --data folder")
        }
        try await withHTTPClient { client in
            try await FirstLogin(
                portal: PortalSession(browser: WebBrowser(origin: origin, client: client)),
                mailbox: MailReader(path: mail), account: ready, perform: { _, body in try await body().1 }
            ).walk()
        }
        if let passwordFile = file.passwordFile { try write(ready.password, to: passwordFile) }
        show(fresh, password: fresh.initialPassword, complete: false)
        show(ready, password: ready.password, complete: true)
    }

    private func write(_ password: String, to path: String) throws(CommandFailure) {
        do {
            unlink(path)  // a file of that name gets the right mode only if it is made anew
            guard
                FileManager.default.createFile(
                    atPath: path, contents: Data((password + "\n").utf8), attributes: [.posixPermissions: 0o600])
            else { throw CocoaError(.fileWriteUnknown) }
        } catch {
            throw CommandFailure("cannot write the password to '\(path)': \(error.reason)")
        }
    }

    private func show(_ account: FirstLogin.Account, password: String, complete: Bool) {
        if output.json {
            Console.standard.json(
                Account(
                    userID: account.userID, password: password, dateOfBirth: account.dateOfBirth,
                    firstLoginComplete: complete))
        } else {
            let state = complete ? "first login complete" : "first login to be done, born \(account.dateOfBirth)"
            Console.standard.result("account \(account.userID.padded(to: 8))  password \(password)  (\(state))")
        }
    }
}
