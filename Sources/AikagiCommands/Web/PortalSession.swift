import FoundationEssentials
import WebAuthnModel

/// A person at the portal with a browser: the pages of the manual, and the ceremonies behind them.
struct PortalSession: Sendable {
    /// The browser.
    let browser: WebBrowser

    /// Logs in with user ID and password.
    ///
    /// - Returns: the page that is due then.
    /// - Throws: ``LoginRefusal`` when the portal knows better, ``WebFailure`` for anything else.
    func logIn(userID: String, password: String) async throws -> WebPage {
        let login = try await browser.open("/login")
        let page = try await browser.submit([("userID", userID), ("password", password)], on: login)
        if page.status == 422 {
            throw LoginRefusal(description: page.alert ?? "the portal refuses this user ID and password")
        }
        guard page.path != "/login" else { throw WebFailure(page.alert ?? "the portal did not accept the login") }
        return page
    }

    /// Sends a form and expects to come to a page of a certain step.
    func submit(
        _ fields: [(String, String)], on page: WebPage, expecting step: String
    ) async throws -> WebPage {
        let next = try await browser.submit(fields, on: page)
        guard next.steps.contains(step) else {
            throw WebFailure(next.alert ?? "the portal did not go on to step \(step) but shows \(next.path)")
        }
        return next
    }

    /// Logs out.
    func logOut() async throws {
        let page = try await browser.open("/")
        _ = try await browser.submit([], on: page, to: "/logout")
    }

    /// What the portal answers after a ceremony: where to go next.
    private struct Next: Decodable { var next: String }

    private struct RegistrationStart: Encodable { var authenticatorAttachment: String? }

    private struct Nothing: Encodable {}

    /// Asks the portal for the options of a registration.
    func registrationOptions(attachment: String?) async throws -> PublicKeyCredentialCreationOptions {
        let data = try await browser.post(
            "/webauthn/registration/options", json: RegistrationStart(authenticatorAttachment: attachment))
        return try decode(data)
    }

    /// Sends the result of a registration.
    ///
    /// - Returns: the path of the next page.
    func finish(_ response: RegistrationResponse) async throws -> String {
        try (decode(try await browser.post("/webauthn/registration/verification", json: response)) as Next).next
    }

    /// Asks the portal for the options of an authentication.
    func authenticationOptions() async throws -> PublicKeyCredentialRequestOptions {
        try decode(try await browser.post("/webauthn/authentication/options", json: Nothing()))
    }

    /// Sends the result of an authentication.
    ///
    /// - Returns: the path of the next page.
    func finish(_ response: AuthenticationResponse) async throws -> String {
        try (decode(try await browser.post("/webauthn/authentication/verification", json: response)) as Next).next
    }

    private func decode<Value: Decodable>(_ data: [UInt8]) throws -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(data))
        } catch {
            throw WebFailure("the portal's answer cannot be understood: \(error)")
        }
    }
}

/// The portal's answer to a wrong user ID or password.
struct LoginRefusal: Error, CustomStringConvertible {
    /// The portal's own sentence.
    let description: String
}
