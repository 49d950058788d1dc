import Foundation
import Logging
import Testing

@testable import Portal

@Suite struct LogTests {
    @Test("A whole journey with its failures logs nothing personal and no secret")
    func nothingPersonal() async throws {
        let record = LogRecord()
        let fixture = try await PortalFixture {
            $0.logger = Logger(label: "test") { _ in RecordingLogHandler(record: record) }
        }
        try await fixture.browse { browser in
            var authenticator = TestAuthenticator()
            _ = try await browser.logIn("a wrong password")
            _ = try await browser.reachSetUp(fixture)
            let options = try await browser.call("/webauthn/registration/options", "{}").body
            authenticator.origin = "https://evil.example"
            _ = try await browser.call("/webauthn/registration/verification", try authenticator.create(options))
            authenticator.origin = PortalFixture.origin
            _ = try await browser.register(&authenticator, name: "secret name")
            let link = try #require(try fixture.mailLinks().first)
            let token = try #require(link.split(separator: "/").last)
            let (app, _) = try await browser.setUpApp(fixture)
            _ = try await browser.submit("/settings/method", ["method": "mail"])
            let top = try await browser.open("/top")
            _ = try await browser.submit("/logout", [:], on: top)
            let asked = try await browser.logIn(PortalFixture.newPassword)
            let code = try #require(try fixture.mailCodes().first)
            try FileManager.default.removeItem(atPath: "\(fixture.mailDirectory)/tmp")
            _ = try await browser.submit("/login/mail-code/send", [:], on: asked)
            _ = try await browser.submit("/login/mail-code", ["code": code], on: asked)
            #expect(record.text.contains("mail not delivered"))
            let secrets = [
                Base32.encode(app.secret), fixture.code(of: app), code,
                PortalFixture.userID, PortalFixture.initialPassword, PortalFixture.newPassword, "a wrong password",
                "hanako@example.jp", "1990-01-31", "花子", "secret name", String(token),
            ]
            for secret in secrets + Array(browser.cookies.values) {
                #expect(!record.text.contains(secret))
            }
            #expect(record.text.contains("ceremony refused"))
        }
    }
}
