import Foundation
import HTTPTypes
import Testing

@testable import Portal

/// How long what somebody has proven is good, and what ends with it.
@Suite struct ProofTests {
    private static let password = PortalFixture.newPassword

    private func changePassword(_ browser: Browser, to new: String = "seven blue umbrellas") async throws {
        let done = try await browser.submit(
            "/settings/password",
            ["currentPassword": ProofTests.password, "newPassword": new, "repeatedPassword": new])
        #expect(done.path == "/settings" && done.says(Phrase.noticePasswordChanged.text(.japanese)))
    }

    @Test("A new password does not renew the proof: the visit that goes on is as old as it was")
    func ageIsKept() async throws {
        try await PortalFixture.withPasskey { fixture, browser, _ in
            fixture.advance(by: 9 * 60)
            try await changePassword(browser)
            #expect(try await browser.open("/settings/method").path == "/settings/method")
            fixture.advance(by: 61)
            let again = try await browser.open("/settings/method")
            #expect(again.path == "/login/passkey" && again.says(Phrase.proofAgain.text(.japanese)))
            #expect(try await browser.open("/top").path == "/top")
            // Who only logs in is not asked once more.
            let other = browser.another()
            let login = try await other.logIn("seven blue umbrellas")
            #expect(login.path == "/login/passkey" && !login.says(Phrase.proofAgain.text(.japanese)))
        }
    }

    @Test("A new password does not prolong the visit: half a day after the login it ends")
    func lifetimeIsKept() async throws {
        try await PortalFixture.withPasskey { fixture, browser, authenticator in
            for _ in 0..<24 {
                fixture.advance(by: 29 * 60)
                #expect(try await browser.open("/top").path == "/top")
            }
            // 11 hours and 36 minutes after the login; a proof is asked for, and that is a new login.
            #expect(try await browser.open("/settings/password").path == "/login/passkey")
            _ = try await browser.prove(with: &authenticator)
            try await changePassword(browser)
            for _ in 0..<25 {
                #expect(try await browser.open("/top").path == "/top")
                fixture.advance(by: 29 * 60)
            }
            #expect(try await browser.open("/top").path == "/login")
        }
    }

    enum Ending: String, CaseIterable { case password, everywhere, reset }

    @Test(
        "A mail address that waits for its link is forgotten with a new password, by logging out everywhere, by a reset",
        arguments: Ending.allCases)
    func pendingAddress(ending: Ending) async throws {
        try await PortalFixture.withPasskey { fixture, browser, _ in
            _ = try await browser.submit("/settings/mail-address", ["mailAddress": "h2@example.com"])
            let link = try #require(try fixture.mailLinks().first)
            let other = browser.another()
            let opened = try await other.open(link)
            #expect(opened.status == 200)
            switch ending {
            case .password: try await changePassword(browser)
            case .everywhere:
                _ = try await browser.submit("/settings/log-out-everywhere", [:], on: browser.open("/settings"))
            case .reset: try await fixture.portal.accounts.reset(userID: PortalFixture.userID) { _ in "begin again" }
            }
            #expect(try await other.open(link).status == 404)
            #expect(try await other.submit(link, [:], on: opened).status == 404)
            #expect(try await fixture.account().mailAddress == (ending == .reset ? nil : "hanako@example.jp"))
        }
    }

    @Test("When the clock is put back, a proof of the future is none, and nobody waits longer than a window")
    func clockPutBack() async throws {
        try await PortalFixture.withPasskey { fixture, browser, authenticator in
            #expect(try await browser.open("/settings/method").path == "/settings/method")
            // Within what clocks are off by, nothing changes.
            fixture.advance(by: -60)
            #expect(try await browser.open("/settings/method").path == "/settings/method")
            fixture.advance(by: -86_400)
            #expect(try await browser.open("/settings/method").path == "/login/passkey")
            #expect(try await browser.prove(with: &authenticator) == "/settings/method")
            fixture.advance(by: 11 * 60)

            let other = browser.another()
            for _ in 0..<5 { #expect(try await other.logIn("wrong password").status == 422) }
            fixture.advance(by: -86_400)
            let slowed = try await other.logIn(ProofTests.password)
            #expect(slowed.status == 429)
            #expect(slowed.headers[.retryAfter] == "900")
            fixture.advance(by: 900)
            #expect(try await other.logIn(ProofTests.password).path == "/login/passkey")
        }
    }

    @Test("When the clock is put back, a visit still ends after a pause")
    func pauseAfterClockPutBack() async throws {
        try await PortalFixture.withPasskey { fixture, browser, _ in
            fixture.advance(by: -86_400)
            var page = try await browser.open("/top")
            #expect(page.path == "/top")
            fixture.advance(by: 31 * 60)
            page = try await browser.open("/top")
            #expect(page.path == "/login")
        }
    }

    @Test("A user ID with NUL behind it is not another account to the limit of attempts")
    func nul() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let page = try await browser.open("/login")
            for suffix in ["%00", "%00x", "%EF%BC%80", "%C2%AD", "%CC%80"] {
                let answer = try await browser.send(
                    .post, "/login", headers: [.contentType: "application/x-www-form-urlencoded"],
                    body: "csrf=\(page.csrf)&userID=\(PortalFixture.userID)\(suffix)&password="
                        + PortalFixture.initialPassword)
                #expect(answer.status == 422)
                #expect(answer.says(Phrase.wrongPassword.text(.japanese)))
            }
        }
    }
}
