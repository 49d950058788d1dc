import Foundation
import GRDB
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Portal

/// Strangers who guess all the time do not keep the owner of an account out.
@Suite struct KnownBrowserTests {
    private static let cookie = "__Host-portal-browser"

    /// Somebody whose method is mail, logged in once and out again.
    private func known(_ body: @Sendable (PortalFixture, Browser) async throws -> Void) async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let complete = try await browser.walk(fixture, upTo: "1.10", method: "mail")
            _ = try await browser.submit("/logout", [:], on: complete)
            try fixture.emptyMailbox()
            let page = try await browser.logIn(PortalFixture.newPassword)
            // The password alone makes no browser known.
            #expect(browser.cookies[KnownBrowserTests.cookie] == nil)
            let code = try #require(try fixture.mailCodes().first)
            let top = try await browser.submit("/login/mail-code", ["code": code], on: page)
            #expect(top.path == "/top")
            let cookie = try #require(
                top.headers[values: .setCookie].first { $0.hasPrefix(KnownBrowserTests.cookie + "=") })
            for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Secure", "Max-Age="] {
                #expect(cookie.contains(attribute))
            }
            let again = try await browser.open("/top")
            #expect(again.headers[values: .setCookie].isEmpty)
            _ = try await browser.submit("/logout", [:], on: again)
            try await body(fixture, browser)
        }
    }

    private func guess(_ browser: Browser, userID: String = PortalFixture.userID) async throws {
        for _ in 0..<5 { #expect(try await browser.logIn("wrong password", userID: userID).status == 422) }
        #expect(try await browser.logIn("wrong password", userID: userID).status == 429)
    }

    @Test("Strangers are slowed, the browser of the owner is not, and the owner's login does not forgive the strangers")
    func owner() async throws {
        try await known { fixture, browser in
            let stranger = browser.another()
            try await guess(stranger)
            #expect(try await stranger.logIn(PortalFixture.newPassword).status == 429)
            #expect(try await browser.logIn(PortalFixture.newPassword).path == "/login/mail-code")
            #expect(try await browser.another().logIn(PortalFixture.newPassword).status == 429)
            // Over a restart, too.
            let cookies = browser.cookies
            let restarted = try PortalApplication(configuration: fixture.portal.core.configuration)
            try await restarted.application().test(.router) { client in
                let same = Browser(client: client)
                same.setCookie(KnownBrowserTests.cookie, cookies[KnownBrowserTests.cookie] ?? "")
                let page = try await same.logIn(PortalFixture.newPassword)
                #expect(page.path == "/login/mail-code")
            }
        }
    }

    @Test("A known browser is slowed as others are when it guesses, and strangers are not slowed by it")
    func knownGuesses() async throws {
        try await known { fixture, browser in
            try await guess(browser)
            #expect(try await browser.logIn(PortalFixture.newPassword).status == 429)
            #expect(try await browser.another().logIn(PortalFixture.newPassword).path == "/login/mail-code")
        }
    }

    @Test("A mark is good for its account alone, and only whole")
    func marks() async throws {
        try await known { fixture, browser in
            try await fixture.portal.core.database.write {
                try $0.execute(
                    sql: "INSERT INTO account SELECT 99, 'taro', x'00', 'Taro', dateOfBirth, passwordHash, "
                        + "'complete', mailAddress, 'mail', 0, 0, 0, 0 FROM account")
            }
            let mark = try #require(browser.cookies[KnownBrowserTests.cookie])
            let stranger = browser.another()
            try await guess(stranger, userID: "taro")
            #expect(try await browser.logIn(PortalFixture.newPassword, userID: "taro").status == 429)
            try await guess(stranger)
            let first = mark.hasPrefix("A") ? "B" : "A"
            for spoilt in ["", "x", first + mark.dropFirst(), String(mark.dropLast()), mark + "AAAA"] {
                let other = browser.another()
                other.setCookie(KnownBrowserTests.cookie, spoilt)
                #expect(try await other.logIn(PortalFixture.newPassword).status == 429)
            }
            #expect(try await browser.logIn(PortalFixture.newPassword).path == "/login/mail-code")
        }
    }
}
