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

    /// What a browser's mark says.
    private func mark(_ browser: Browser) throws -> String {
        try #require(browser.cookies[KnownBrowserTests.cookie])
    }

    @Test("A reset lets an owner in who is locked out in a known browser, and its mark is void")
    func reset() async throws {
        try await known { fixture, browser in
            let before = try mark(browser)
            try await guess(browser)
            try await fixture.portal.accounts.reset(userID: PortalFixture.userID) { _ in PortalFixture.initialPassword }
            #expect(try await browser.logIn(PortalFixture.initialPassword).steps == ["1.3"])
            #expect(try mark(browser) == before)
            // As of any other browser, its guesses count with those of all.
            let other = browser.another()
            _ = try await other.open("/login")
            try await guess(other)
            let same = browser.another()
            same.setCookie(KnownBrowserTests.cookie, before)
            #expect(try await same.logIn(PortalFixture.initialPassword).status == 429)
        }
    }

    @Test(
        "Logging out everywhere, a new password and a year void a mark", arguments: ["everywhere", "password", "year"])
    func void(reason: String) async throws {
        try await known { fixture, browser in
            let old = browser.another()
            old.setCookie(KnownBrowserTests.cookie, try mark(browser))
            try fixture.emptyMailbox()
            let page = try await browser.logIn(PortalFixture.newPassword)
            let code = try #require(try fixture.mailCodes().first)
            #expect(try await browser.submit("/login/mail-code", ["code": code], on: page).path == "/top")
            var password = PortalFixture.newPassword
            switch reason {
            case "everywhere":
                _ = try await browser.submit(
                    "/settings/log-out-everywhere", [:], on: try await browser.open("/settings"))
            case "password":
                let before = try mark(browser)
                password = "six yellow umbrellas"
                let fields = [
                    "currentPassword": PortalFixture.newPassword, "newPassword": password, "repeatedPassword": password,
                ]
                #expect(try await browser.submit("/settings/password", fields).path == "/settings")
                // The browser that it was changed in is known at once.
                #expect(try mark(browser) != before)
                _ = try await browser.submit("/logout", [:], on: try await browser.open("/settings"))
            default: fixture.advance(by: 365 * 86_400)
            }
            try await guess(browser.another())
            #expect(try await old.logIn(password).status == 429)
            #expect(try await browser.logIn(password).status == (reason == "password" ? 200 : 429))
        }
    }

    @Test("Known browsers together have their own limit, which strangers do not use up")
    func together() async throws {
        try await known { fixture, browser in
            let account = try await fixture.account()
            let core = fixture.portal.core
            let request = Request(
                head: HTTPRequest(method: .get, scheme: "https", authority: nil, path: "/"),
                body: RequestBody(buffer: .init()))
            let marks = (0..<5).compactMap { _ in
                core.knownBrowsers.header(for: account, now: core.now, answering: request)
            }.map { $0.dropFirst(KnownBrowserTests.cookie.count + 1).prefix { $0 != ";" } }
            #expect(Set(marks).count == 5)
            for mark in marks.prefix(4) {
                let copy = browser.another()
                copy.setCookie(KnownBrowserTests.cookie, String(mark))
                for _ in 0..<5 { #expect(try await copy.logIn("wrong password").status == 422) }
            }
            let fifth = browser.another()
            fifth.setCookie(KnownBrowserTests.cookie, String(marks[4]))
            #expect(try await fifth.logIn("wrong password").status == 429)
            #expect(try await browser.another().logIn(PortalFixture.newPassword).path == "/login/mail-code")
        }
    }

    @Test("A login that goes on to a setting makes the browser known, too")
    func purpose() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            var passkey = TestAuthenticator()
            _ = try await browser.reachSetUp(fixture)
            _ = try await browser.register(&passkey)
            fixture.advance(by: 11 * 60)
            _ = try await browser.open("/settings/method")
            browser.setCookie(KnownBrowserTests.cookie, "lost")
            #expect(try await browser.prove(with: &passkey) == "/settings/method")
            #expect(try mark(browser) != "lost")
        }
    }

    @Test("A mark is good for its account alone, and only whole")
    func marks() async throws {
        try await known { fixture, browser in
            try await fixture.portal.core.database.write {
                try $0.execute(
                    sql: "INSERT INTO account SELECT 99, 'taro', x'00', 'Taro', dateOfBirth, passwordHash, "
                        + "'complete', mailAddress, 'mail', 0, 0, 0, 0, NULL, NULL FROM account")
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
