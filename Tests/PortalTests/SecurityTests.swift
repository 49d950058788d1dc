import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Portal

@Suite struct SecurityTests {
    @Test("Unknown user and wrong password are told the same, and nothing is remembered of either")
    func enumeration() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let known = try await browser.logIn("wrong password")
            let unknown = try await browser.logIn("wrong password", userID: "nobody01")
            #expect(known.status == 422 && unknown.status == 422)
            #expect(known.says(Phrase.wrongPassword.text(.japanese)))
            let plain = known.body.replacingOccurrences(of: PortalFixture.userID, with: "ID")
            #expect(plain == unknown.body.replacingOccurrences(of: "nobody01", with: "ID"))
            #expect(try await browser.logIn("", userID: "").status == 422)
        }
    }

    @Test("Logins are slowed per account, known or not, and go on after the window", arguments: [true, false])
    func slowedPerAccount(isKnown: Bool) async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let userID = isKnown ? PortalFixture.userID : "nobody01"
            for _ in 0..<5 {
                #expect(try await browser.logIn("wrong password", userID: userID).status == 422)
                fixture.advance(by: 60)
            }
            let slowed = try await browser.logIn(PortalFixture.initialPassword, userID: userID.uppercased())
            #expect(slowed.status == 429)
            #expect(slowed.headers[.retryAfter] == "600")
            #expect(slowed.says("10分"))
            #expect(slowed.says(#"action="/login""#))
            fixture.advance(by: 600)
            let page = try await browser.logIn(PortalFixture.initialPassword, userID: userID)
            #expect(page.status == (isKnown ? 200 : 422))
        }
    }

    @Test("Logins are slowed per network address")
    func slowedPerAddress() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            for index in 0..<50 { _ = try await browser.logIn("wrong password", userID: "user\(index)") }
            #expect(try await browser.logIn(PortalFixture.initialPassword).status == 429)
        }
    }

    @Test("A form without the visit's token is refused with a page", arguments: ["", "forged"])
    func forgedForm(token: String) async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            _ = try await browser.walk(fixture, upTo: "1.4")
            let forged = try await browser.post("/first-login/terms", ["decision": "accept", "csrf": token])
            #expect(forged.status == 403)
            #expect(forged.says(Phrase.formExpired.text(.japanese)))
            #expect(try await fixture.account().step == .terms)
            // The token of another visit is no better.
            do {
                let other = browser.another()
                let foreign = try await other.open("/login").csrf
                let answer = try await browser.post("/first-login/terms", ["decision": "accept", "csrf": foreign])
                #expect(answer.status == 403)
            }
            #expect(try await browser.post("/logout", ["csrf": token]).status == 403)
        }
    }

    @Test("JSON endpoints take JSON from the portal's own pages only")
    func forgedJSON() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            _ = try await browser.open("/login")
            let path = "/webauthn/authentication/options"
            #expect(try await browser.call(path, "{}").status == 200)
            for origin in [nil, "https://evil.example", "null", "http://portal.example"] {
                let refused = try await browser.call(path, "{}", origin: origin)
                #expect(refused.status == 403)
                #expect(refused.body.contains(#""error":"cross-origin""#))
            }
            let site = try #require(HTTPField.Name("Sec-Fetch-Site"))
            for (value, status) in [("same-origin", 200), ("same-site", 403), ("cross-site", 403), ("none", 403)] {
                let answer = try await browser.send(
                    .post, path, headers: [.contentType: "application/json", site: value], body: "{}")
                #expect(answer.status == status)
            }
            for type in ["text/plain", "application/x-www-form-urlencoded", ""] {
                let answer = try await browser.send(
                    .post, path, headers: [.contentType: type, .origin: PortalFixture.origin], body: "{}")
                #expect(answer.status == 415)
            }
            #expect(try await browser.call("/webauthn/registration/options", "{}").status == 401)
        }
    }

    @Test("The session cookie is closed to scripts and other sites, and changes with every login")
    func sessionCookie() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let page = try await browser.open("/login")
            let cookie = try #require(page.headers[values: .setCookie].first)
            #expect(cookie.hasPrefix("__Host-portal-session="))
            for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Secure"] { #expect(cookie.contains(attribute)) }
            #expect(!cookie.contains("Domain"))
            let before = browser.cookies
            let loggedIn = try await browser.submit(
                "/login", ["userID": PortalFixture.userID, "password": PortalFixture.initialPassword], on: page)
            #expect(browser.cookies != before)

            // The secret from before the login, and the one from before the log-out, are worth nothing.
            let after = browser.cookies
            _ = try await browser.submit("/logout", [:], on: loggedIn)
            for cookies in [before, after] {
                do {
                    let other = browser.another()
                    for (name, value) in cookies { other.setCookie(name, value) }
                    #expect(try await other.open("/first-login/date-of-birth").path.hasPrefix("/login"))
                }
            }
        }
        let plain = try await PortalFixture(origins: ["http://localhost:8080"], relyingPartyID: "localhost")
        try await plain.browse { browser in
            let cookie = try #require(try await browser.open("/login").headers[values: .setCookie].first)
            #expect(cookie.hasPrefix("portal-session=") && !cookie.contains("Secure"))
        }
    }

    @Test("A visit ends after a pause and after half a day")
    func sessionExpiry() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            _ = try await browser.walk(fixture, upTo: "1.4")
            for _ in 0..<24 {
                fixture.advance(by: 29 * 60)
                #expect(try await browser.open("/").steps == ["1.4"])
            }
            fixture.advance(by: 29 * 60)
            let ended = try await browser.open("/first-login/terms")
            #expect(ended.says(Phrase.noticeLoginNeeded.text(.japanese)))
            _ = try await browser.logIn(PortalFixture.initialPassword)
            fixture.advance(by: 31 * 60)
            #expect(try await browser.open("/").path == "/login")
        }
    }

    @Test(
        "Every answer carries the security headers",
        arguments: ["/login", "/style.css", "/nothing", "/", "/mail-confirmation/x"])
    func headers(path: String) async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let page = try await browser.send(.get, path)
            func header(_ name: String) throws -> String? { page.headers[try #require(HTTPField.Name(name))] }
            #expect(
                try header("Content-Security-Policy")
                    == "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                    + "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
            #expect(try header("X-Content-Type-Options") == "nosniff")
            #expect(try header("Referrer-Policy") == "same-origin")
            #expect(try header("Cache-Control") == (path == "/style.css" ? "public, max-age=300" : "no-store"))
            #expect(!page.body.contains("style=") && !page.body.contains("onclick") && !page.body.contains("http"))
        }
    }

    @Test("What cannot be answered has a page, or JSON, that says what to do")
    func errorPages() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let missing = try await browser.send(.get, "/nothing")
            #expect(missing.status == 404)
            #expect(missing.says(Phrase.notFound.text(.japanese)))
            let method = try await browser.send(.delete, "/login")
            #expect(method.status == 405)
            #expect(method.headers[.allow] == "GET, HEAD, POST")
            #expect(try await browser.send(.get, "/logout").status == 405)
            let page = try await browser.open("/login")
            let large = try await browser.submit(
                "/login", ["userID": String(repeating: "x", count: 20_000), "password": "x"], on: page)
            #expect(large.status == 413)
            #expect(large.says(Phrase.tooLarge.text(.japanese)))
            let wrongType = try await browser.send(.post, "/login", headers: [.contentType: "text/plain"], body: "x")
            #expect(wrongType.status == 400)
            for body in ["a=%", "a=%zz", "a=%ff", "a=1&a=2"] {
                let broken = try await browser.send(
                    .post, "/login", headers: [.contentType: "application/x-www-form-urlencoded"], body: body)
                #expect(broken.status == 400, "\(body)")
            }
            let json = try await browser.send(.get, "/webauthn/nothing")
            #expect(json.status == 404)
            #expect(json.body.contains(#""error":"not-found""#))
            let hugeJSON = try await browser.call(
                "/webauthn/authentication/options", String(repeating: " ", count: 70_000))
            #expect(hugeJSON.status == 413)
            #expect(try await browser.send(.get, "//evil.example").body.contains(#"href="/?lang=en""#))
        }
    }
}
