import HTTPTypes
import Testing

@testable import Portal

/// What pages of other sites send.
@Suite struct OriginTests {
    /// Every path that takes a POST, with something in place of what stands for any.
    private static let paths =
        PortalRoutes.all.filter { $0.method == .post }.map { route in
            route.path.split(separator: "/").map { $0.hasPrefix(":") ? "AAAA" : String($0) }
                .reduce("") { "\($0)/\($1)" }
        } + PortalAssets.paths + ["/nothing"]

    private static let site = HTTPField.Name("Sec-Fetch-Site") ?? .origin

    /// Headers by which a browser says that another site's page sends a request.
    private static let foreign: [HTTPFields] = [
        [.origin: "https://evil.example"], [.origin: "null"], [.origin: "http://portal.example"],
        [.origin: "https://portal.example:8443"], [.origin: "https://portal.example/"], [.origin: ""],
        [site: "cross-site"], [.origin: PortalFixture.origin, site: "cross-site"],
    ]

    @Test("What another site's page sends is refused everywhere, though the form's token is right", arguments: paths)
    func foreign(path: String) async throws {
        try await PortalFixture.withPasskey { fixture, browser, _ in
            let page = try await browser.open("/settings")
            let isJSON = path.hasPrefix("/webauthn/")
            for headers in OriginTests.foreign {
                var refused = try await browser.post(path, ["csrf": page.csrf], headers: headers)
                #expect(refused.status == 403)
                #expect(isJSON || refused.says(Phrase.foreignForm.text(.japanese, PortalFixture.origin)))
                // As browsers send it: without the cookie, which stays what it is.
                let bare = try await browser.another().post(path, [:], headers: headers)
                #expect(bare.status == 403)
                #expect(!bare.headers[values: .setCookie].contains { $0.hasPrefix("__Host-portal-session=") })
                var all = headers
                all[.contentType] = "application/json"
                refused = try await browser.send(.post, path, headers: all, body: "{}")
                #expect(refused.status == 403)
                #expect(!isJSON || refused.body.contains(#""error":"cross-origin""#))
            }
            // Nothing has happened, the log-out neither.
            #expect(try await browser.open("/top").path == "/top")
        }
    }

    @Test(
        "What the portal's own pages send is taken, and what says nothing of where it comes from",
        arguments: [
            [:], [.origin: PortalFixture.origin], [.origin: "https://second.portal.example"],
            [.origin: PortalFixture.origin, site: "same-origin"], [site: "same-origin"],
            [site: "none"],
        ] as [HTTPFields])
    func own(headers: HTTPFields) async throws {
        let fixture = try await PortalFixture(origins: [PortalFixture.origin, "https://second.portal.example"])
        try await fixture.browse { browser in
            let page = try await browser.open("/login")
            let fields = [
                "csrf": page.csrf, "userID": PortalFixture.userID, "password": PortalFixture.initialPassword,
            ]
            let answer = try await browser.post("/login", fields, headers: headers)
            #expect(answer.status == 303)
        }
    }
}
