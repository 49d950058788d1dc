import Foundation
import GRDB
import HTTPTypes
import Hummingbird
import Logging
import NIOEmbedded
import Synchronization
import Testing
import WebAuthnModel

@testable import Portal

/// Visits that end while one of their forms is on its way: between its head and its body, or while a mail is sent.
@Suite struct EndedVisitTests {
    /// A body whose reading ends every visit first.
    private final class LateBody: Sendable {
        private let rest: Mutex<String?>

        init(_ text: String) { rest = Mutex(text) }

        func stream(_ core: PortalCore) -> AsyncThrowingStream<ByteBuffer, any Error> {
            AsyncThrowingStream {
                guard let text = self.rest.withLock({ $0.take() }) else { return nil }
                try await core.database.write { try $0.execute(sql: "DELETE FROM session") }
                return ByteBuffer(string: text)
            }
        }
    }

    private func send(
        _ path: String, _ body: String, type: String, _ browser: Browser, _ fixture: PortalFixture
    ) async throws -> Int {
        let core = fixture.portal.core
        let cookies = browser.cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
        let head = HTTPRequest(
            method: .post, scheme: "https", authority: "portal.example", path: path,
            headerFields: [.contentType: type, .cookie: cookies, .origin: PortalFixture.origin])
        let request = Request(head: head, body: RequestBody(asyncSequence: LateBody(body).stream(core)))
        let context = PortalContext(
            source: ApplicationRequestContextSource(
                channel: EmbeddedChannel(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
        return try await PortalRoutes.responder(core).respond(to: request, context: context).status.code
    }

    private func form(
        _ path: String, _ fields: String, on page: Browser.Page, _ browser: Browser, _ fixture: PortalFixture
    ) async throws -> Int {
        try await send(
            path, "csrf=\(page.csrf)&\(fields)", type: "application/x-www-form-urlencoded", browser, fixture)
    }

    private func sessions(_ fixture: PortalFixture) async throws -> Int? {
        try await fixture.portal.core.database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM session") }
    }

    @Test("Its passkey is neither renamed nor removed", arguments: ["", "/removal"])
    func passkey(path: String) async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            var first = TestAuthenticator()
            var second = TestAuthenticator()
            _ = try await browser.reachSetUp(fixture)
            _ = try await browser.register(&first, name: "first")
            _ = try await browser.register(&second, name: "second")
            let path = "/settings/passkeys/\(Base64URL.encode(first.credentialID))" + path
            let page = try await browser.open(path)
            #expect(try await form(path, "name=late", on: page, browser, fixture) == 403)
            let names = try await fixture.portal.core.database.read {
                try String.fetchSet($0, sql: "SELECT name FROM passkey")
            }
            #expect(names == ["first", "second"])
        }
    }

    @Test("Its new passkey gets no name")
    func naming() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            var passkey = TestAuthenticator()
            _ = try await browser.reachSetUp(fixture)
            let options = try await browser.call("/webauthn/registration/options", "{}")
            _ = try await browser.call("/webauthn/registration/verification", try passkey.create(options.body))
            let page = try await browser.open("/passkeys/name")
            let fields = "name=late&credential=\(page.field("credential"))"
            #expect(try await form("/passkeys/name", fields, on: page, browser, fixture) == 403)
            let names = try await fixture.portal.core.database.read {
                try String.fetchOne($0, sql: "SELECT name FROM passkey")
            }
            #expect(names == nil)
        }
    }

    @Test("Its code, by app or by mail, logs nobody in and counts for nothing", arguments: ["totp", "mail"])
    func code(method: String) async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            var page = try await browser.reachSetUp(fixture, method: method)
            if method == "totp" {
                let (_, top) = try await browser.setUpApp(fixture)
                _ = try await browser.submit("/logout", [:], on: top)
                fixture.advance(by: 60)
                page = try await browser.logIn(PortalFixture.newPassword)
            }
            let code =
                method == "totp"
                ? fixture.code(of: try await fixture.app()) : try #require(try fixture.mailCodes().first)
            #expect(try await form(page.path, "code=\(code)", on: page, browser, fixture) == 403)
            #expect(try await sessions(fixture) == 0)
            if method == "totp" {
                // It is still good in another visit.
                page = try await browser.another().logIn(PortalFixture.newPassword)
                #expect(page.path == "/login/one-time-password")
                let other = browser.another()
                page = try await other.logIn(PortalFixture.newPassword)
                #expect(try await other.submit(page.path, ["code": code], on: page).path == "/top")
            }
        }
    }

    @Test("Its passkey logs nobody in")
    func login() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            var passkey = TestAuthenticator()
            _ = try await browser.reachSetUp(fixture)
            let top = try await browser.register(&passkey)
            _ = try await browser.submit("/logout", [:], on: top)
            _ = try await browser.logIn(PortalFixture.newPassword)
            let options = try await browser.call("/webauthn/authentication/options", "{}")
            let status = try await send(
                "/webauthn/authentication/verification", try passkey.get(options.body), type: "application/json",
                browser, fixture)
            #expect(status == 401)
            #expect(try await sessions(fixture) == 0)
        }
    }

    @Test("It gets no code by mail any more, and that is no failure of the portal")
    func codeAgain() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let page = try await browser.reachSetUp(fixture, method: "mail")
            #expect(page.path == "/login/mail-code")
            #expect(try await form("/login/mail-code/send", "", on: page, browser, fixture) == 403)
        }
    }

    @Test("Chapter 1 does not go on in it", arguments: ["1.3", "1.4", "1.5", "1.8", "1.9"])
    func firstLogin(step: String) async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let page = try await browser.walk(fixture, upTo: step)
            let before = try await fixture.account()
            let (path, fields) =
                switch step {
                case "1.3": ("/first-login/date-of-birth", "dateOfBirth=1990-01-31")
                case "1.4": ("/first-login/terms", "decision=accept")
                case "1.5": ("/first-login/mail-address", "mailAddress=late@example.jp")
                case "1.8": ("/first-login/method", "method=mail")
                default:
                    ("/first-login/password", "newPassword=late+umbrellas+here&repeatedPassword=late+umbrellas+here")
                }
            // Who has clicked twice at the last step is led on, for the first click has ended the visit.
            let expected = step == "1.9" ? 303 : 403
            #expect(try await form(path, fields, on: page, browser, fixture) == expected)
            #expect(try await fixture.account() == before)
        }
    }

    @Test("It voids no marks of browsers by logging out everywhere")
    func everywhere() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            var passkey = TestAuthenticator()
            _ = try await browser.reachSetUp(fixture)
            _ = try await browser.register(&passkey)
            let page = try await browser.open("/settings")
            #expect(try await form("/settings/log-out-everywhere", "", on: page, browser, fixture) == 303)
            #expect(try await fixture.account().browserEpoch == [])
        }
    }
}
