import ArgumentParser
import ClientPlatform
import HybridProtocol
import WebAuthnModel

/// `aikagi register`.
struct RegisterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "register",
        abstract: "Make a passkey on a phone: the PC's side, which shows the QR code.",
        discussion: """
            Needs an account whose first login is complete and that has no passkey yet (one that has is added to in a \
            browser). The counterpart of `aikagi login`, with the same options.

            Examples:
              aikagi register --hybrid http://localhost:8080 --user demo --password-file pw
              aikagi register --hybrid --options new.json --origin https://example.com

            Events of --json, in order: qr, advert, tunnel-open, handshake, authenticator, request, response, closed, result.
            """)

    @OptionGroup var passkey: PasskeyOptions

    @Option(help: "The name to give the passkey at the portal.")
    var name = "Aikagi phone"

    private struct Result: Encodable {
        var event = "result"
        var response: RegistrationResponse
        var page: String?
    }

    func validate() throws { try OptionRules.check(checkOptions) }

    private func checkOptions() throws {
        guard passkey.portal == nil || passkey.user != nil else {
            throw ValidationError("a portal needs to know for whom: give --user and --password-file")
        }
    }

    func run() async throws {
        try await runInterruptibly(json: passkey.json) {
            if let options = try await passkey.optionsJSON(PublicKeyCredentialCreationOptions.self),
                let origin = passkey.origin
            {
                let response = try await register(options, origin: origin)
                if passkey.json {
                    Console.standard.json(Result(response: response))
                } else {
                    Console.standard.json(response)
                }
                return
            }
            guard let credentials = try await passkey.credentials() else { return }
            try await withPortal(passkey) { portal, origin in
                let page = try await portal.logIn(userID: credentials.userID, password: credentials.password)
                guard page.path != "/login/passkey" else {
                    throw CommandFailure("\(credentials.userID) has a passkey already: log in with `aikagi login`")
                }
                guard page.path == "/passkeys/new" else {
                    throw CommandFailure(
                        "the portal is not ready for \(credentials.userID)'s first passkey but shows \(origin)\(page.path); "
                            + "go on there in a browser")
                }
                let options = try await portal.registrationOptions(attachment: "cross-platform")
                let response = try await register(options, origin: origin)
                let naming = try await portal.browser.open(try await portal.finish(response))
                let top = try await portal.submit(
                    [("name", name), ("credential", naming.field("credential") ?? "")], on: naming, expecting: "2-2.5")
                if passkey.json {
                    Console.standard.json(Result(response: response, page: top.path))
                } else {
                    Console.standard.result("passkey '\(name)' registered: the portal shows \(origin)\(top.path)")
                }
            }
        }
    }

    private func register(
        _ options: PublicKeyCredentialCreationOptions, origin: String
    ) async throws -> RegistrationResponse {
        let ceremony = HybridCeremony(
            presentation: QRPresentation(file: passkey.qr, json: passkey.json), options: passkey.transport,
            json: passkey.json)
        return try await ceremony.run(hint: .makeCredential) { client in
            try await WebAuthnClient(origin: WebOrigin(origin), relatedOrigins: RelatedOriginsDocument.get).create(
                options, using: client, attachment: .crossPlatform)
        }
    }
}
