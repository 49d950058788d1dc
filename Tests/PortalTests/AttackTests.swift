import Foundation
import GRDB
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing
import WebAuthnModel

@testable import Portal

/// What holds at every path of the portal, for whoever attacks: the table of routes decides what is tried, so that none is left out.
@Suite struct AttackTests {
    /// A route's path with something real in the place of each parameter.
    private static func path(_ route: PortalRoutes.Route, credentialID: [UInt8]) -> String {
        route.path.replacingOccurrences(of: ":credential", with: Base64URL.encode(credentialID))
            .replacingOccurrences(of: ":token", with: Base64URL.encode([UInt8](repeating: 7, count: 32)))
    }

    /// Everything that is stored about accounts.
    private func accounts(_ fixture: PortalFixture) async throws -> [String] {
        try await fixture.portal.core.database.read { database in
            try ["account", "passkey", "oneTimePassword", "mailConfirmation"].flatMap { table in
                try Row.fetchAll(database, sql: "SELECT * FROM \(table)").map { "\(table) \($0)" }
            }
        }
    }

    private static let fields = [
        "userID": "hanako01", "password": "x", "dateOfBirth": "1990-01-31", "decision": "accept",
        "mailAddress": "evil@example.com", "method": "mail", "newPassword": "six red umbrellas",
        "repeatedPassword": "six red umbrellas", "currentPassword": PortalFixture.newPassword, "code": "123456",
        "name": "evil",
    ]

    @Test("No form is taken without the token of the very visit, at any path, and nothing has changed or was sent")
    func forgedForms() async throws {
        try await PortalFixture.withPasskey { fixture, browser, authenticator in
            let credentialID = authenticator.credentialID
            let before = try await accounts(fixture)
            let foreign = try await browser.another().open("/login").csrf
            let posts = PortalRoutes.all.filter { $0.method == .post && !$0.path.hasPrefix("/webauthn/") }
            #expect(posts.count > 15)
            for route in posts {
                let path = AttackTests.path(route, credentialID: credentialID)
                for token in [nil, "", "forged", foreign] {
                    var fields = AttackTests.fields
                    fields["csrf"] = token
                    let answer = try await browser.post(path, fields)
                    #expect(answer.status == 403, "\(path) \(token ?? "no token")")
                }
            }
            #expect(try await accounts(fixture) == before)
            #expect(try fixture.mails().isEmpty)
            #expect(try await browser.open("/top").path == "/top")
        }
    }

    @Test("JSON endpoints take nothing from another origin, and nothing that a form could send")
    func forgedJSON() async throws {
        try await PortalFixture.withPasskey { fixture, browser, _ in
            let endpoints = PortalRoutes.all.filter { $0.path.hasPrefix("/webauthn/") }
            #expect(endpoints.count == 4)
            for route in endpoints {
                for origin in [nil, "https://evil.example", "https://portal.example.evil.example", "null"] {
                    let answer = try await browser.call(route.path, "{}", origin: origin)
                    #expect(answer.status == 403, "\(route.path) \(origin ?? "no origin")")
                }
                for type in ["text/plain", "multipart/form-data", "application/x-www-form-urlencoded"] {
                    let answer = try await browser.send(
                        .post, route.path, headers: [.contentType: type, .origin: PortalFixture.origin], body: "{}")
                    #expect(answer.status == 415, "\(route.path) \(type)")
                }
            }
        }
    }

    @Test("Looking changes nothing: GET and HEAD of every path leave all accounts as they are")
    func getChangesNothing() async throws {
        try await PortalFixture.withPasskey { fixture, browser, authenticator in
            let credentialID = authenticator.credentialID
            let before = try await accounts(fixture)
            let query = AttackTests.fields.map { "\($0.key)=\($0.value.replacingOccurrences(of: " ", with: "+"))" }
                .joined(separator: "&")
            for method in [HTTPRequest.Method.get, .head] {
                for route in PortalRoutes.all where route.method == .get {
                    let path = AttackTests.path(route, credentialID: credentialID)
                    let answer = try await browser.send(method, "\(path)?\(query)")
                    #expect([200, 303, 404].contains(answer.status), "\(path) \(answer.status)")
                }
            }
            #expect(try await accounts(fixture) == before)
            #expect(try fixture.mails().isEmpty)
        }
    }

    @Test(
        "Other methods are refused at every path, and TRACE gives no cookie back",
        arguments: [HTTPRequest.Method.trace, .put, .delete, .patch, .connect, .options])
    func otherMethods(method: HTTPRequest.Method) async throws {
        try await PortalFixture.withPasskey { fixture, browser, authenticator in
            let credentialID = authenticator.credentialID
            for route in PortalRoutes.all {
                let path = AttackTests.path(route, credentialID: credentialID)
                let answer = try await browser.send(method, path, body: "x=1")
                #expect(answer.status == 405, "\(path)")
                #expect(answer.headers[.allow]?.contains(route.method.rawValue) == true)
                #expect(!browser.cookies.values.contains { answer.body.contains($0) })
            }
            for path in PortalAssets.paths {
                let answer = try await browser.send(method, path, body: "x=1")
                #expect(answer.status == 405, "\(path)")
                #expect(answer.headers[.allow]?.contains("GET") == true)
            }
        }
    }

    @Test("A body beyond its limit is refused at every path", arguments: [16_385, 65_537])
    func oversizeBodies(byteCount: Int) async throws {
        try await PortalFixture.withPasskey { fixture, browser, authenticator in
            let credentialID = authenticator.credentialID
            for route in PortalRoutes.all where route.method == .post {
                let path = AttackTests.path(route, credentialID: credentialID)
                let isJSON = route.path.hasPrefix("/webauthn/")
                guard !isJSON || byteCount > 65_536 else { continue }
                let answer =
                    isJSON
                    ? try await browser.call(path, String(repeating: " ", count: byteCount))
                    : try await browser.send(
                        .post, path, headers: [.contentType: "application/x-www-form-urlencoded"],
                        body: "x=" + String(repeating: "x", count: byteCount))
                #expect(answer.status == 413, "\(path) \(answer.status)")
            }
        }
    }

    @Test("Nothing that a request says leads to another site: not parameters, not headers, not the path")
    func openRedirects() async throws {
        try await PortalFixture.withPasskey { fixture, browser, authenticator in
            let credentialID = authenticator.credentialID
            var headers: HTTPFields = [:]
            for name in ["Host", "X-Forwarded-Host", "X-Original-URL", "X-Rewrite-URL", "Referer", "Forwarded"] {
                headers[try #require(HTTPField.Name(name))] = "https://evil.example/"
            }
            let query = ["next", "return", "returnTo", "redirect", "url", "continue", "notice", "lang"].map {
                "\($0)=//evil.example/"
            }.joined(separator: "&")
            let stranger = browser.another()
            let paths =
                PortalRoutes.all.filter { $0.method == .get }.map {
                    AttackTests.path($0, credentialID: credentialID)
                } + [
                    "//evil.example", "///evil.example", "/\\evil.example", "/%5cevil.example", "/%2fevil.example",
                    "/.//evil.example", "/login//evil.example", "//\u{FE0F}evil.example", "/\u{FE0F}/evil.example",
                    "/\\\u{FE0F}evil.example", "/\t/evil.example",
                ]
            for path in paths {
                for visitor in [browser, stranger] {
                    let page = try await visitor.send(.get, "\(path)?\(query)", headers: headers)
                    if let location = page.headers[.location] {
                        #expect(location.hasPrefix("/") && !location.hasPrefix("//"), "\(path) \(location)")
                        #expect(!location.contains("evil") && !location.contains("\\"))
                    }
                    // A path may show itself in the link that switches the language: below this site. Browsers go by code
                    // points, leave out tabs, and ignore U+FE0F in hosts.
                    let links = /(?:href|src|action)="([^"]*)"/.matchingSemantics(.unicodeScalar)
                    for link in page.body.matches(of: links) where link.1.contains("evil") {
                        let seen = link.1.unicodeScalars.filter { $0 != "\t" && $0 != "\u{FE0F}" }
                        let isHere = seen.first == "/" && !["/", "\\"].contains(seen.dropFirst().first)
                        #expect(isHere, "\(link.1)")
                    }
                }
            }
        }
    }

    @Test("Every page but the files is kept by nobody, and its cookie is closed")
    func caches() async throws {
        try await PortalFixture.withPasskey { fixture, browser, authenticator in
            let credentialID = authenticator.credentialID
            for route in PortalRoutes.all where route.method == .get {
                let path = AttackTests.path(route, credentialID: credentialID)
                let stranger = browser.another()
                let first = try await stranger.send(.get, path)
                for page in [first, try await browser.send(.get, path)] {
                    #expect(page.headers[.cacheControl] == "no-store", "\(path)")
                    for cookie in page.headers[values: .setCookie] {
                        for attribute in ["__Host-", "Path=/", "HttpOnly", "Secure", "SameSite=Lax"] {
                            #expect(cookie.contains(attribute), "\(path) \(cookie)")
                        }
                    }
                }
                // Nobody gets another's visit.
                #expect(stranger.cookies != browser.cookies)
            }
        }
    }

    @Test(
        "Files outside are not reached",
        arguments: [
            "/../portal.sqlite", "/%2e%2e/portal.sqlite", "/..%2fportal.sqlite", "/style.css/../portal.sqlite",
            "/style.css%00.txt", "/.well-known/../portal.sqlite.key", "/mail/new", "//etc/passwd", "/%252e%252e/x",
            "/settings/passkeys/..%2f..%2f..%2fportal.sqlite",
        ])
    func traversal(path: String) async throws {
        try await PortalFixture.withPasskey { fixture, browser, _ in
            let answer = try await browser.send(.get, path)
            #expect(answer.status == 404)
            #expect(!answer.body.contains("SQLite"))
        }
    }

    @Test("What visitors type is text on every page that shows it")
    func markup() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let markup = #"'"><script>alert(1)</script>{{title}}{{{svg}}}&amp;"#
            let login = try await browser.logIn("x", userID: markup)
            #expect(login.status == 422)
            var authenticator = TestAuthenticator()
            _ = try await browser.reachSetUp(fixture)
            let pages = [login, try await browser.register(&authenticator, name: markup)]
            let paths = ["", "/removal"].map {
                "/settings/passkeys/\(Base64URL.encode(authenticator.credentialID))\($0)"
            }
            for page in pages + [
                try await browser.open("/settings/passkeys"), try await browser.open(paths[0]),
                try await browser.open(paths[1]), try await browser.open("/\(markup.dropFirst(3).prefix(8))"),
            ] {
                #expect(!page.says("<script>alert"), "\(page.path)")
            }
            #expect(pages[1].says("&lt;script&gt;alert(1)&lt;/script&gt;{{title}}{{{svg}}}&amp;amp;"))
        }
    }
}
