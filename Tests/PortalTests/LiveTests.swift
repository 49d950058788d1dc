import Foundation
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Portal

@Suite struct LiveTests {
    @Test("On a free port the origin follows the port, and mails link to it")
    func freePort() async throws {
        let fixture = try await PortalFixture(origins: [], relyingPartyID: "localhost")
        try await fixture.portal.application().test(.live) { client in
            let browser = Browser(client: client)
            let origin = "http://localhost:\(try #require(client.port))"
            #expect(fixture.portal.core.origins.all == [origin])
            let style = try await browser.open("/style.css")
            #expect(style.status == 200)
            var page = try await browser.walk(fixture, upTo: "1.6")
            let mail = try #require(try fixture.mails().first)
            #expect(mail.contains("\r\n\(origin)/mail-confirmation/"))
            page = try await browser.open("/first-login/mail-confirmation")
            #expect(page.steps == ["1.6", "1.7"])
            #expect(try await browser.call("/webauthn/authentication/options", "{}", origin: origin).status == 200)
            let head = try await browser.another().send(.head, "/login")
            #expect(head.status == 200 && head.body.isEmpty)
        }
    }

    @Test("run() says its port and ends when its task is cancelled")
    func lifetime() async throws {
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let fixture = try await PortalFixture(origins: [], relyingPartyID: "localhost") {
            $0.onListening = { continuation.yield($0) }
        }
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await fixture.portal.run() }
            let port = await ports.first { _ in true }
            #expect(port.map { $0 > 0 } == true)
            group.cancelAll()
        }
    }

    @Test("An RP ID that does not fit the origins is refused at once")
    func configuration() async throws {
        await #expect(throws: (any Error).self) { try await PortalFixture(relyingPartyID: "other.example") }
        await #expect(throws: PortalConfigurationError.self) { try await PortalFixture(relyingPartyID: "not a domain") }
    }
}
