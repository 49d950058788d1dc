import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Portal

@Suite(.timeLimit(.minutes(1))) struct MailboxPageTests {
    @Test("A message is read as it was written, and only the portal's own links are links")
    func received() throws {
        let address = try #require(MailAddress("a@example.jp"))
        let message = MailMessage(
            senderName: "Portal", sender: address, recipient: address,
            subject: String(repeating: "【Portal】長い件名です ", count: 4),
            text: "一\nhttps://a.example/x\nhttps://evil.example/",
            date: Date(timeIntervalSince1970: 0), identifier: "x")
        let mail = ReceivedMail(message.encoded)
        #expect(mail.subject == message.subject)
        #expect(mail.recipient == "a@example.jp")
        #expect(mail.text == message.text + "\n")
        let links = mail.pieces(linking: "https://a.example").filter(\.isLink).map(\.piece)
        #expect(links == ["https://a.example/x"])
        for strange in ["", "\r\n\r\n", "Subject: =?utf-8?B?***?=\r\n\r\n", ": \r\n x", "\u{FF}"] {
            #expect(ReceivedMail(Array(strange.utf8)).recipient.isEmpty)
        }
    }

    @Test(
        "The page shows mails to this machine under the portal's own name, when it is wanted", arguments: [true, false])
    func page(isWanted: Bool) async throws {
        let fixture = try await PortalFixture(origins: [], relyingPartyID: "localhost") {
            $0.offersMailPage = isWanted
        }
        try await fixture.portal.application().test(.live) { client in
            let browser = Browser(client: client)
            let waiting = try await browser.walk(fixture, upTo: "1.6")
            #expect(waiting.says(#"href="/mail""#) == isWanted)
            let page = try await browser.open("/mail")
            #expect(page.status == (isWanted ? 200 : 404))
            let links = page.body.matches(
                of: /href="http:\/\/localhost:[0-9]+(\/mail-confirmation\/[A-Za-z0-9_-]{43})"/)
            #expect(links.count == (isWanted ? 1 : 0))
        }
        // Who is not on this machine, or cannot be told, sees nothing.
        try await fixture.browse { browser in
            let hidden = try await browser.open("/mail")
            #expect(hidden.status == 404)
        }
    }

    @Test(
        "Behind a proxy the page does not exist: the proxy is on this machine, its visitors are not",
        arguments: ["Forwarded", "Via", "X-Forwarded-For", "x-forwarded-for"])
    func proxyHeaders(name: String) async throws {
        let fixture = try await PortalFixture(origins: [], relyingPartyID: "localhost") { $0.offersMailPage = true }
        let header = try #require(HTTPField.Name(name))
        try await fixture.portal.application().test(.live) { client in
            let browser = Browser(client: client)
            let shown = try await browser.send(.get, "/mail")
            #expect(shown.status == 200)
            for value in ["for=127.0.0.1", "127.0.0.1", ""] {
                let hidden = try await browser.send(.get, "/mail", headers: [header: value])
                #expect(hidden.status == 404)
            }
        }
    }

    @Test(
        "The page is there for a loopback portal that this machine reaches without a proxy",
        arguments: [
            ([], "127.0.0.1", false, false, true), (["http://localhost:8080"], "::1", false, false, true),
            (["https://localhost"], "127.0.0.1", false, false, false),
            (["HTTPS://localhost"], "127.0.0.1", false, false, false),
            (["http://localhost", "https://localhost"], "127.0.0.1", false, false, false),
            (["https://localhost:8443"], "127.0.0.1", true, false, true), ([], "0.0.0.0", false, false, false),
            ([], "127.0.0.1", false, true, false),
        ] as [([String], String, Bool, Bool, Bool)])
    func configurations(origins: [String], address: String, hasTLS: Bool, hasSMTP: Bool, isShown: Bool) {
        var configuration = PortalConfiguration(databasePath: "", mailDirectory: "")
        configuration.origins = origins
        configuration.address = address
        if hasTLS { configuration.tls = PortalTLS(certificatePath: "", privateKeyPath: "") }
        if hasSMTP { configuration.smtp = SMTPConfiguration(host: "localhost", port: 25) }
        #expect(!configuration.showsMailPage)
        configuration.offersMailPage = true
        #expect(configuration.showsMailPage == isShown)
    }

    @Test(
        "Only addresses of this machine are the loopback",
        arguments: [
            ("127.0.0.1", true), ("127.9.9.9", true), ("::1", true), ("::ffff:127.0.0.1", true), ("localhost", true),
            ("0.0.0.0", false), ("10.0.0.1", false), ("::", false), ("127.evil.example", false), ("unknown", false),
        ])
    func loopback(address: String, isLoopback: Bool) { #expect(NetworkAddress.isLoopback(address) == isLoopback) }
}
