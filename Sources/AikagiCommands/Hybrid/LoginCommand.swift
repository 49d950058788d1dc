import ArgumentParser
import ClientPlatform
import HybridProtocol
import WebAuthnModel

/// `aikagi login`.
struct LoginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login",
        abstract: "Log in with a passkey on a phone: the PC's side, which shows the QR code.",
        discussion: """
            The command plays the browser: it fetches the options from the portal, checks the RP ID, shows a QR code, waits \
            for the phone's Bluetooth advertisement, talks to it through the tunnel and posts the response.

            Examples:
              whoever the passkey is for:
              aikagi login --hybrid http://localhost:8080

              password first, then the passkey:
              aikagi login --hybrid http://localhost:8080 --user demo --password-file pw

              a portal with a certificate of one's own:
              aikagi login --hybrid https://localhost:8443 --portal-ca ca.pem

              no portal; prints the response as JSON:
              aikagi login --hybrid --options get.json --origin https://example.com

            Events of --json, in order: qr, advert, tunnel-open, handshake, authenticator, request, response, closed, result.
            """)

    @OptionGroup var passkey: PasskeyOptions

    private struct Result: Encodable {
        var event = "result"
        var response: AuthenticationResponse
        var page: String?
    }

    func run() async throws {
        try await runInterruptibly(json: passkey.json) {
            if let options = try await passkey.optionsJSON(PublicKeyCredentialRequestOptions.self),
                let origin = passkey.origin
            {
                let response = try await authenticate(options, origin: origin)
                if passkey.json {
                    Console.standard.json(Result(response: response))
                } else {
                    Console.standard.json(response)
                }
                return
            }
            try await withPortal(passkey) { portal, origin in
                if let credentials = try await passkey.credentials() {
                    let page = try await portal.logIn(userID: credentials.userID, password: credentials.password)
                    guard page.path == "/login/passkey" else {
                        throw CommandFailure(
                            "the portal does not ask \(credentials.userID) for a passkey but shows \(origin)\(page.path); "
                                + "complete the first login in a browser, or make a passkey with `aikagi register`")
                    }
                } else {
                    _ = try await portal.browser.open("/login")
                }
                let response = try await authenticate(try await portal.authenticationOptions(), origin: origin)
                let next = try await portal.finish(response)
                if passkey.json {
                    Console.standard.json(Result(response: response, page: next))
                } else {
                    Console.standard.result("logged in: the portal shows \(origin)\(next)")
                }
            }
        }
    }

    private func authenticate(
        _ options: PublicKeyCredentialRequestOptions, origin: String
    ) async throws -> AuthenticationResponse {
        let ceremony = HybridCeremony(
            presentation: QRPresentation(file: passkey.qr, json: passkey.json), options: passkey.transport,
            json: passkey.json)
        return try await ceremony.run(hint: .getAssertion) { client in
            try await WebAuthnClient(origin: WebOrigin(origin), relatedOrigins: RelatedOriginsDocument.get).get(
                options, using: client, attachment: .crossPlatform)
        }
    }
}
