@testable import Portal

extension PortalFixture {
    /// Somebody who has just registered a passkey, stands on the top page, and has read the mails.
    static func withPasskey(
        _ body: @Sendable (PortalFixture, Browser, inout TestAuthenticator) async throws -> Void
    ) async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            var authenticator = TestAuthenticator()
            _ = try await browser.reachSetUp(fixture)
            _ = try await browser.register(&authenticator)
            await fixture.portal.core.outbox.sendDue()
            try fixture.emptyMailbox()
            try await body(fixture, browser, &authenticator)
        }
    }
}
