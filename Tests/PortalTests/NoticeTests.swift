import Foundation
import GRDB
import Testing
import WebAuthnModel

@testable import Portal

/// What the owner of an account is told by mail.
@Suite struct NoticeTests {
    /// The mails that tell of changes, as their sentences.
    private func notices(_ fixture: PortalFixture) async throws -> [[Phrase]] {
        await fixture.portal.core.outbox.sendDue()
        let phrases: [Phrase] = [
            .noticeMailMethod, .noticeMailPassword, .noticeMailAppSetUp, .noticeMailAppRemoved, .noticeMailPasskeyAdded,
            .noticeMailPasskeyRemoved,
        ]
        let notices = try fixture.mails().filter { $0.contains(Phrase.noticeMailText.text(.japanese).suffix(20)) }
        for notice in notices { #expect(notice.contains("\r\nTo: hanako@example.jp\r\n")) }
        try fixture.emptyMailbox()
        return notices.map { notice in phrases.filter { notice.contains($0.text(.japanese)) } }
    }

    @Test("A passkey that is added, renamed, removed: the owner is told of what lets somebody in, without the name")
    func passkeys() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            _ = try await browser.reachSetUp(fixture)
            #expect(try await notices(fixture) == [])
            var first = TestAuthenticator()
            _ = try await browser.register(&first)
            #expect(try await notices(fixture) == [[.noticeMailPasskeyAdded]])
            var second = TestAuthenticator()
            _ = try await browser.register(&second, name: "call 0120-000-000")
            #expect(try await notices(fixture) == [[.noticeMailPasskeyAdded]])

            let path = "/settings/passkeys/\(Base64URL.encode(first.credentialID))"
            _ = try await browser.submit(path, ["name": "http://evil.example/"])
            #expect(try await notices(fixture) == [])
            _ = try await browser.submit(path + "/removal", [:])
            await fixture.portal.core.outbox.sendDue()
            #expect(try fixture.mails().allSatisfy { !$0.contains("evil.example") })
            #expect(try await notices(fixture) == [[.noticeMailPasskeyRemoved]])
            // The last one stays, and so nobody is told.
            _ = try await browser.submit("/settings/passkeys/\(Base64URL.encode(second.credentialID))/removal", [:])
            #expect(try await notices(fixture) == [])
        }
    }

    @Test("An app that is set up or removed, and the method that changes with it, are told in one mail")
    func app() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            _ = try await browser.reachSetUp(fixture)
            var passkey = TestAuthenticator()
            _ = try await browser.register(&passkey)
            _ = try await notices(fixture)
            _ = try await browser.submit("/settings/method", ["method": "totp"])
            #expect(try await notices(fixture) == [])
            _ = try await browser.setUpApp(fixture)
            #expect(try await notices(fixture) == [[.noticeMailMethod, .noticeMailAppSetUp]])
            // Another app in place of the first.
            _ = try await browser.setUpApp(fixture)
            #expect(try await notices(fixture) == [[.noticeMailAppSetUp]])
            _ = try await browser.submit("/settings/method", ["method": "totp"])
            #expect(try await notices(fixture) == [])
            _ = try await browser.submit("/settings/method", ["method": "passkey"])
            #expect(try await notices(fixture) == [[.noticeMailMethod, .noticeMailAppRemoved]])
        }
    }

    @Test(
        "A first passkey that takes the place of the app is told with all that it changes; mail that fails stops nothing"
    )
    func passkeyForApp() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            _ = try await browser.reachSetUp(fixture, method: "totp")
            try fixture.emptyMailbox()
            _ = try await browser.setUpApp(fixture)
            #expect(try await notices(fixture) == [[.noticeMailAppSetUp]])
            _ = try await browser.submit("/settings/method", ["method": "passkey"])
            var first = TestAuthenticator()
            _ = try await browser.register(&first)
            #expect(
                try await notices(fixture) == [[.noticeMailMethod, .noticeMailAppRemoved, .noticeMailPasskeyAdded]])

            try FileManager.default.removeItem(atPath: "\(fixture.mailDirectory)/tmp")
            var second = TestAuthenticator()
            #expect(try await browser.register(&second).path == "/top")
            #expect(try await browser.submit("/settings/method", ["method": "mail"]).path == "/settings")
            await fixture.portal.core.outbox.sendDue()
            try FileManager.default.createDirectory(
                atPath: "\(fixture.mailDirectory)/tmp", withIntermediateDirectories: true)
            #expect(try await notices(fixture) == [])
            fixture.advance(by: Outbox.firstWait)
            let late = try await notices(fixture)
            #expect(late.count == 2 && late.contains([.noticeMailPasskeyAdded]) && late.contains([.noticeMailMethod]))
        }
    }

    @Test("Notices are in the language of whoever makes the change")
    func language() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            browser.acceptLanguage = "en"
            _ = try await browser.reachSetUp(fixture)
            try fixture.emptyMailbox()
            var passkey = TestAuthenticator()
            _ = try await browser.register(&passkey)
            await fixture.portal.core.outbox.sendDue()
            let mail = try #require(try fixture.mails().first)
            #expect(mail.contains("\r\nA passkey was added.\r\n"))
        }
    }

    @Test(
        "The old mail address is told in the language that the account used last, whoever opens the link",
        arguments: Language.allCases)
    func mailAddress(language: Language) async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            var passkey = TestAuthenticator()
            _ = try await browser.reachSetUp(fixture)
            _ = try await browser.register(&passkey)
            // The page's link counts as much as the browser's wish.
            _ = try await browser.open("/top?lang=\(language.rawValue)")
            #expect(try await fixture.account().language == language)
            // Who asks for no language has chosen none.
            browser.cookies["lang"] = nil
            browser.acceptLanguage = nil
            _ = try await browser.open("/top")
            #expect(try await fixture.account().language == language)
            browser.acceptLanguage = language.rawValue
            await fixture.portal.core.outbox.sendDue()
            try fixture.emptyMailbox()
            _ = try await browser.submit("/settings/mail-address", ["mailAddress": "h2@example.com"])
            let link = try #require(try fixture.mailLinks().first)
            try fixture.emptyMailbox()
            let stranger = browser.another()
            stranger.acceptLanguage = language.other.rawValue
            let confirmed = try await stranger.submit(link, [:])
            #expect(confirmed.says(Phrase.confirmedChange.text(language.other)))
            let notice = try #require(try fixture.mails().first)
            let sentence = Phrase.noticeMailAddress.text(language, "h…@example.com")
            #expect(notice.contains("To: hanako@example.jp\r\n") && notice.contains("\r\n\(sentence)\r\n"))
            #expect(try await fixture.account().language == language)
        }
    }

    @Test("Of an account whose language nobody knows, the old mail address is told in that of whoever opens the link")
    func unknownLanguage() async throws {
        try await PortalFixture.withPasskey { fixture, browser, _ in
            _ = try await browser.submit("/settings/mail-address", ["mailAddress": "h2@example.com"])
            let link = try #require(try fixture.mailLinks().first)
            try fixture.emptyMailbox()
            try await fixture.portal.core.database.write { try $0.execute(sql: "UPDATE account SET language = NULL") }
            let stranger = browser.another()
            stranger.acceptLanguage = "en"
            _ = try await stranger.submit(link, [:])
            let sentence = Phrase.noticeMailAddress.text(.english, "h…@example.com")
            #expect(try #require(try fixture.mails().first).contains(sentence))
        }
    }
}
