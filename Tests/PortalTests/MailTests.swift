import Foundation
import GRDB
import Testing

@testable import Portal

@Suite struct MailTests {
    @Test(
        "An address that is not one, or that would add a header, is refused",
        arguments: [
            "", "hanako", "hanako@", "@example.jp", "a@b@c.jp", "a b@example.jp", "a@example.jp\r\nBcc: x@example.com",
            "a@example.jp\nSubject: x", "a@example.jp,b@example.jp", "\"a\"@example.jp", "a@-example.jp",
            "a@example..jp",
            ".a@example.jp", "a..b@example.jp", "花子@example.jp", "a@例え.jp", "a@example.jp\u{0}", "<a@example.jp>",
        ])
    func malformedAddress(input: String) async throws {
        #expect(MailAddress(input) == nil)
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let page = try await browser.walk(fixture, upTo: "1.5")
            let refused = try await browser.submit("/first-login/mail-address", ["mailAddress": input], on: page)
            #expect(refused.status == 422)
            #expect(refused.says(Phrase.mailMalformed.text(.japanese)))
            #expect(try fixture.mails().isEmpty)
            #expect(try await fixture.account().step == .mailAddress)
        }
    }

    @Test(
        "Ordinary addresses are taken",
        arguments: ["a@localhost", "hanako.y+portal@mail.example.co.jp", "ａ@example.jp "])
    func goodAddress(input: String) {
        #expect(MailAddress(input) != nil)
    }

    @Test("The mail is RFC 5322 with an encoded Japanese subject, and its link stands alone on a line")
    func message() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            _ = try await browser.walk(fixture, upTo: "1.6")
        }
        let mail = try #require(try fixture.mails().first)
        let parts = mail.components(separatedBy: "\r\n\r\n")
        let headers = parts[0].components(separatedBy: "\r\n")
        #expect(!mail.replacingOccurrences(of: "\r\n", with: "").contains { $0.isNewline })
        #expect(
            headers.contains("Date: \(MailMessage.timestamp(Date(timeIntervalSince1970: 1_800_000_000), in: .current))")
        )
        #expect(headers.contains("From: Aikagi Portal <no-reply@portal.example>"))
        #expect(headers.contains("To: hanako@example.jp"))
        #expect(headers.contains("Content-Type: text/plain; charset=utf-8"))
        #expect(headers.contains("MIME-Version: 1.0"))
        #expect(headers.allSatisfy { $0.utf8.count <= 78 && $0.utf8.allSatisfy { $0 < 0x7F } })
        let subject = parts[0].matches(of: /=\?utf-8\?B\?([A-Za-z0-9+\/=]+)\?=/).compactMap {
            Data(base64Encoded: String($0.1)).map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(subject.joined() == "【Aikagi Portal】メールアドレスの確認")
        #expect(try fixture.mailLinks().first?.wholeMatch(of: /\/mail-confirmation\/[A-Za-z0-9_-]{43}/) != nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(fixture.mailDirectory)/tmp").isEmpty)
        // Only a hash of the token is stored.
        let token = try #require(try fixture.mailLinks().first?.split(separator: "/").last)
        let database = try Data(contentsOf: URL(fileURLWithPath: fixture.databasePath))
        #expect(database.range(of: Data(token.utf8)) == nil)
    }

    @Test("Long texts become encoded words of at most 75 characters; control characters never reach a header")
    func encodedWords() {
        let long = MailMessage.encodedWords(String(repeating: "長い件名", count: 20) + "\r\nBcc: x", after: 9)
        for line in long.components(separatedBy: "\r\n ") {
            #expect(line.utf8.count <= 75)
            #expect(line.hasPrefix("=?utf-8?B?") && line.hasSuffix("?="))
        }
        #expect(MailMessage.encodedWords("a\r\nBcc: x", after: 9).hasPrefix("=?utf-8?B?"))
        #expect(MailMessage.encodedWords("plain text", after: 9) == "plain text")
    }

    @Test(
        "However lines end in a text, they end by CR LF in the message",
        arguments: ["a\nb\n\nc.", "a\r\nb\r\n\r\nc.", "a\rb\r\rc.", "a\r\nb\n\rc."])
    func lineEnds(text: String) throws {
        let address = try #require(MailAddress("a@example.jp"))
        let message = MailMessage(
            senderName: "s", sender: address, recipient: address, subject: "s", text: text,
            date: Date(timeIntervalSince1970: 0), identifier: "i")
        let end = Array("\r\n\r\na\r\nb\r\n\r\nc.\r\n".utf8)
        #expect(Array(message.encoded.suffix(end.count)) == end)
    }

    @Test(
        "Dates are those of RFC 5322",
        arguments: [
            (0.0, "Thu, 1 Jan 1970 00:00:00 +0000"), (951_782_399, "Mon, 28 Feb 2000 23:59:59 +0000"),
            (951_868_799, "Tue, 29 Feb 2000 23:59:59 +0000"), (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 +0000"),
            (-1.0, "Wed, 31 Dec 1969 23:59:59 +0000"),
        ])
    func timestamp(seconds: Double, text: String) {
        #expect(MailMessage.timestamp(Date(timeIntervalSince1970: seconds)) == text)
    }

    @Test(
        "A date is that of the zone's clocks, and names its distance from UTC",
        arguments: [
            ("Asia/Tokyo", "Fri, 1 Jan 2027 00:30:00 +0900"), ("America/St_Johns", "Thu, 31 Dec 2026 12:00:00 -0330"),
            ("Asia/Kolkata", "Thu, 31 Dec 2026 21:00:00 +0530"), ("UTC", "Thu, 31 Dec 2026 15:30:00 +0000"),
        ])
    func zones(name: String, text: String) throws {
        let zone = try #require(TimeZone(identifier: name))
        let moment = Date(timeIntervalSince1970: 1_798_731_000)
        #expect(MailMessage.timestamp(moment, in: zone) == text)
        #expect(PasskeyPages.day(moment, in: zone) == (name == "Asia/Tokyo" ? "2027-01-01" : "2026-12-31"))
    }

    @Test("A link works once; expired, replaced, unknown and damaged ones have their screens and change nothing")
    func links() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            var page = try await browser.walk(fixture, upTo: "1.6")
            let first = try #require(try fixture.mailLinks().first)

            fixture.advance(by: 24 * 3600)
            let expired = try await browser.open(first)
            #expect(expired.status == 410)
            #expect(expired.says(Phrase.linkExpired.text(.japanese)))

            // The visit has ended meanwhile; the account waits at the same step.
            page = try await browser.logIn(PortalFixture.initialPassword)
            #expect(page.steps == ["1.6", "1.7"])
            page = try await browser.submit("/first-login/mail-confirmation", [:], on: page)
            #expect(page.steps == ["1.6", "1.7"])
            let second = try #require(try fixture.mailLinks().first { $0 != first })
            let replaced = try await browser.open(first)
            #expect(replaced.status == 404)
            #expect(replaced.says(Phrase.linkUnknown.text(.japanese)))
            for damaged in ["/mail-confirmation/abc", String(second.dropLast()), second + "A"] {
                #expect(try await browser.open(damaged).status == 404)
            }
            #expect(try await fixture.account().step == .mailConfirmation)

            let link = try await browser.open(second)
            #expect(try await browser.submit(second, [:], on: link).status == 200)
            #expect(try await fixture.account().step == .method)
            for again in [try await browser.open(second), try await browser.submit(second, [:], on: link)] {
                #expect(again.status == 410)
                #expect(again.says(Phrase.linkUsed.text(.japanese)))
            }
            #expect(try await fixture.account().step == .method)
        }
    }

    @Test("Another address replaces the first, whose link is void")
    func anotherAddress() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            _ = try await browser.walk(fixture, upTo: "1.6")
            let first = try #require(try fixture.mailLinks().first)
            let page = try await browser.submit("/first-login/mail-address", ["mailAddress": "h@example.com"])
            #expect(page.says("h@example.com"))
            #expect(try await browser.open(first).status == 404)
            let second = try #require(try fixture.mailLinks().first { $0 != first })
            _ = try await browser.submit(second, [:])
            #expect(try await fixture.account().mailAddress == "h@example.com")
            #expect(try await fixture.account().step == .method)
        }
    }

    @Test("Mails are slowed down, and a folder that cannot be written leaves the account as it was")
    func delivery() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let page = try await browser.walk(fixture, upTo: "1.5")
            try FileManager.default.removeItem(atPath: "\(fixture.mailDirectory)/tmp")
            let failed = try await browser.submit(
                "/first-login/mail-address", ["mailAddress": "h@example.com"], on: page)
            #expect(failed.status == 503)
            #expect(failed.says(Phrase.mailNotSent.text(.japanese)))
            #expect(try await fixture.account().mailAddress == nil)
            try FileManager.default.createDirectory(
                atPath: "\(fixture.mailDirectory)/tmp", withIntermediateDirectories: true)
            for _ in 0..<4 {
                let sent = try await browser.submit(
                    "/first-login/mail-address", ["mailAddress": "h@example.com"], on: page)
                #expect(sent.status == 200)
            }
            let slowed = try await browser.submit(
                "/first-login/mail-address", ["mailAddress": "h@example.com"], on: page)
            #expect(slowed.status == 429)
        }
    }
}
