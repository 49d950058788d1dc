import Foundation
import GRDB
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Portal

@Suite struct MailCodeTests {
    private static let path = "/login/mail-code"

    @Test("With the method mail, chapter 1 ends with nothing to set up, and each login asks for a code of its own")
    func journey() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            var page = try await browser.walk(fixture, upTo: "1.10", method: "mail")
            #expect(page.says(Phrase.completeIntroMail.text(.japanese)))
            _ = try await browser.submit("/logout", [:], on: page)
            try fixture.emptyMailbox()
            page = try await browser.logIn(PortalFixture.newPassword)
            #expect(page.path == MailCodeTests.path)
            #expect(page.steps == ["c.1"])
            #expect(page.says("h…@example.jp") && !page.says("hanako@example.jp"))
            #expect(try await browser.open("/top").steps == ["c.1"])
            #expect(try fixture.mails().count == 1)
            let mail = try #require(try fixture.mails().first)
            #expect(mail.contains("To: hanako@example.jp\r\n"))
            let code = try #require(try fixture.mailCodes().first)

            // The code is of no use in another visit, and its own one is another.
            do {
                let other = browser.another()
                let foreign = try await other.logIn(PortalFixture.newPassword)
                #expect(try await other.submit(MailCodeTests.path, ["code": code], on: foreign).status == 422)
            }
            let refused = try await browser.submit(MailCodeTests.path, ["code": "x"], on: page)
            #expect(refused.status == 422)
            #expect(refused.says(Phrase.mailCodeWrong.text(.japanese)))
            let cookies = browser.cookies
            let top = try await browser.submit(MailCodeTests.path, ["code": code], on: refused)
            #expect(top.path == "/top")
            #expect(browser.cookies != cookies)
            let again = try await browser.post(MailCodeTests.path, ["code": code, "csrf": top.csrf])
            #expect(again.headers[.location] == "/top")
        }
    }

    @Test("A code expires, is void after five wrong ones, and is replaced by a newer one")
    func limits() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let complete = try await browser.walk(fixture, upTo: "1.10", method: "mail")
            _ = try await browser.submit("/logout", [:], on: complete)
            try fixture.emptyMailbox()
            var page = try await browser.logIn(PortalFixture.newPassword)
            let first = try #require(try fixture.mailCodes().first)
            fixture.advance(by: 10 * 60)
            let expired = try await browser.submit(MailCodeTests.path, ["code": first], on: page)
            #expect(expired.status == 422)
            #expect(expired.says(Phrase.mailCodeVoid.text(.japanese)))
            #expect(!expired.says(#"name="code""#))

            try fixture.emptyMailbox()
            page = try await browser.submit("/login/mail-code/send", [:], on: expired)
            #expect(page.says(#"name="code""#))
            let second = try #require(try fixture.mailCodes().first)
            for _ in 0..<4 {
                #expect(try await browser.submit(MailCodeTests.path, ["code": "x"], on: page).status == 422)
            }
            // Five attempts in a quarter of an hour, whether the code was there or not.
            #expect(try await browser.submit(MailCodeTests.path, ["code": second], on: page).status == 429)
            fixture.advance(by: 15 * 60)
            try fixture.emptyMailbox()
            page = try await browser.submit("/login/mail-code/send", [:], on: page)
            let third = try #require(try fixture.mailCodes().first)
            #expect(try await browser.submit(MailCodeTests.path, ["code": third], on: page).path == "/top")
        }
    }

    @Test("Wrong codes void the right one by themselves")
    func void() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let complete = try await browser.walk(fixture, upTo: "1.10", method: "mail")
            _ = try await browser.submit("/logout", [:], on: complete)
            _ = try await browser.logIn(PortalFixture.newPassword)
        }
        let sealing = fixture.portal.core.sealing
        let now = fixture.portal.core.now
        try await fixture.portal.core.database.write { database in
            let idHash = try #require(try Data.fetchOne(database, sql: "SELECT sessionIDHash FROM mailCode"))
            try MailCode.open("123456", for: Array(idHash), sealing: sealing, now: now, in: database)
            let tag = try #require(try Data.fetchOne(database, sql: "SELECT tag FROM mailCode"))
            #expect(Array(tag) != Secret.digest(Array("123456".utf8)))
        }
        let session = Session(secret: [], isNew: false, visitor: nil)
        try await fixture.portal.core.database.write { database in
            try database.execute(sql: "PRAGMA defer_foreign_keys = ON")
            try database.execute(
                sql: "INSERT INTO session (idHash, accountID, level, isFirstLogin, createdAt, lastUsedAt) "
                    + "SELECT ?, id, 'password', 0, 0, 0 FROM account",
                arguments: [Data(session.idHash)])
            try MailCode.open("123456", for: session.idHash, sealing: sealing, now: now, in: database)
            let redeem = { try MailCode.redeem(code: $0, for: session, sealing: sealing, now: now, in: database) }
            for _ in 0..<5 { #expect(try redeem("654321") == .wrong) }
            #expect(try redeem("123456") == .none)
            try MailCode.open("123456", for: session.idHash, sealing: sealing, now: now, in: database)
            #expect(try redeem("123456") == .right)
            #expect(try redeem("123456") == .none)
        }
    }

    @Test("A mail that cannot be sent leaves a page that offers to send it, and mails are slowed down")
    func delivery() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let complete = try await browser.walk(fixture, upTo: "1.10", method: "mail")
            _ = try await browser.submit("/logout", [:], on: complete)
            try FileManager.default.removeItem(atPath: "\(fixture.mailDirectory)/tmp")
            let page = try await browser.logIn(PortalFixture.newPassword)
            #expect(page.path == MailCodeTests.path)
            #expect(page.says(Phrase.mailCodeSend.text(.japanese)) && !page.says(#"name="code""#))
            let failed = try await browser.submit("/login/mail-code/send", [:], on: page)
            #expect(failed.status == 503)
            #expect(failed.says(Phrase.mailNotSent.text(.japanese)))
            try FileManager.default.createDirectory(
                atPath: "\(fixture.mailDirectory)/tmp", withIntermediateDirectories: true)
            for _ in 0..<7 {
                #expect(try await browser.submit("/login/mail-code/send", [:], on: page).says(#"name="code""#))
            }
            // Later, with a code that is there: the page speaks of the earlier mail.
            try FileManager.default.removeItem(atPath: "\(fixture.mailDirectory)/tmp")
            let earlier = try await browser.submit("/login/mail-code/send", [:], on: page)
            #expect(earlier.status == 503 && earlier.says(#"name="code""#))
            #expect(earlier.says(Phrase.mailCodeEarlier.text(.japanese, "h…@example.jp")))
            #expect(!earlier.says(Phrase.mailCodeIntro.text(.japanese, "h…@example.jp")))
            #expect(try await browser.submit("/login/mail-code/send", [:], on: page).status == 429)
        }
    }

    @Test("Codes are six digits and differ")
    func random() {
        let codes = (0..<200).map { _ in MailCode.random() }
        #expect(codes.allSatisfy { $0.utf8.count == 6 && $0.allSatisfy(\.isNumber) })
        #expect(Set(codes).count > 190)
    }
}
