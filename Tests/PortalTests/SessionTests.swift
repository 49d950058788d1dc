import Foundation
import GRDB
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing
import WebAuthnModel

@testable import Portal

@Suite struct SessionTests {
    private static let options = "/webauthn/authentication/options"

    private func rows(_ fixture: PortalFixture) async throws -> Int {
        try await fixture.portal.core.database.read { database in
            try Int.fetchOne(
                database,
                sql: "SELECT (SELECT count(*) FROM ceremony) + (SELECT count(*) FROM attempt)") ?? 0
        }
    }

    @Test("Only what the portal issued is recognised")
    func secrets() {
        let secrets = SessionSecrets()
        let secret = secrets.issue()
        #expect(secret.count == SessionSecrets.byteCount && secret != secrets.issue())
        #expect(secrets.isIssued(secret))
        #expect(!SessionSecrets().isIssued(secret))
        #expect(!secrets.isIssued([]) && !secrets.isIssued(Array(secret.dropLast())) && !secrets.isIssued(secret + [0]))
        for index in secret.indices {
            var changed = secret
            changed[index] ^= 1
            #expect(!secrets.isIssued(changed))
        }
    }

    @Test("Invented cookies begin no ceremony and leave nothing in the database", arguments: [32, 48])
    func inventedCookies(byteCount: Int) async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            for _ in 0..<200 {
                let stranger = browser.another()
                let cookie = Base64URL.encode(Secret.random(byteCount))
                stranger.setCookie("__Host-portal-session", cookie)
                #expect(try await stranger.call(SessionTests.options, "{}").status == 401)
                // It is told its own, with which it may go on.
                #expect(stranger.cookies["__Host-portal-session"] != cookie)
            }
            #expect(try await rows(fixture) == 0)
            // A page is all that a real visitor needs before.
            let visitor = browser.another()
            _ = try await visitor.open("/login")
            #expect(try await visitor.call(SessionTests.options, "{}").status == 200)
        }
    }

    @Test("Who has not logged in begins 300 ceremonies in five minutes per address; who has is not delayed")
    func ceremoniesPerAddress() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            for _ in 0..<300 {
                let visitor = browser.another()
                _ = try await visitor.open("/login")
                #expect(try await visitor.call(SessionTests.options, "{}").status == 200)
            }
            fixture.advance(by: 60)
            _ = try await browser.open("/login")
            let delayed = try await browser.call(SessionTests.options, "{}")
            #expect(delayed.status == 429)
            #expect(delayed.headers[.retryAfter] == "240")
            #expect(delayed.body.contains(#""error":"too-many-attempts""#))
            #expect(try await rows(fixture) == 600)
            _ = try await browser.reachSetUp(fixture)
            #expect(try await browser.call(SessionTests.options, "{}").status == 200)

            fixture.advance(by: 240)
            let other = browser.another()
            _ = try await other.open("/login")
            #expect(try await other.call(SessionTests.options, "{}").status == 200)
            let ceremonies = try await fixture.portal.core.database.read {
                try Int.fetchOne($0, sql: "SELECT count(*) FROM ceremony")
            }
            #expect(ceremonies == 2)
        }
    }

    @Test("When a visit cannot be looked up, its cookie stays and it goes on afterwards")
    func failedLookup() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            _ = try await browser.walk(fixture, upTo: "1.4")
            let rename = { (from: String, to: String) in
                try await fixture.portal.core.database.write {
                    try $0.execute(sql: "ALTER TABLE \(from) RENAME TO \(to)")
                }
            }
            try await rename("session", "hidden")
            for path in ["/", "/first-login/terms", "/nothing"] {
                let failed = try await browser.send(.get, path)
                #expect(failed.status == 500)
                #expect(failed.headers[values: .setCookie].isEmpty)
                #expect(failed.says(Phrase.internalError.text(.japanese)))
            }
            try await rename("hidden", "session")
            #expect(try await browser.open("/").steps == ["1.4"])
        }
    }

    @Test("A form of a visit that ended leads to the login, and one from before a restart to a page that says so")
    func endedVisit() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let page = try await browser.walk(fixture, upTo: "1.4")
            fixture.advance(by: 31 * 60)
            let ended = try await browser.post("/first-login/terms", ["decision": "accept", "csrf": page.csrf])
            #expect(ended.headers[.location] == "/login")

            let early = browser.another()
            let session = Session(secret: SessionSecrets().issue(), isNew: false, visitor: nil)
            let cookie = Base64URL.encode(session.secret)
            early.setCookie("__Host-portal-session", cookie)
            let answer = try await early.post("/login", ["userID": "x", "password": "y", "csrf": session.formToken])
            #expect(answer.status == 403)
            #expect(answer.says(Phrase.formExpired.text(.japanese)))
            #expect(early.cookies["__Host-portal-session"] != cookie)
            #expect(try await early.logIn(PortalFixture.initialPassword).steps == ["1.4"])
        }
    }

    @Test("A visit that has logged in goes on after a restart")
    func restart() async throws {
        let fixture = try await PortalFixture()
        var configuration = fixture.portal.core.configuration
        configuration.clock = { Date(timeIntervalSince1970: 1_800_000_060) }
        let restarted = try PortalApplication(configuration: configuration)
        try await fixture.browse { browser in
            _ = try await browser.walk(fixture, upTo: "1.4")
            let cookies = browser.cookies
            try await restarted.application().test(.router) { client in
                let same = Browser(client: client)
                for (name, value) in cookies { same.setCookie(name, value) }
                let page = try await same.open("/")
                #expect(page.steps == ["1.4"])
            }
        }
    }

    @Test(
        "Addresses of one IPv6 network count as one, others do not",
        arguments: [
            ("2001:db8::1", "2001:db8::ffff:1", true), ("2001:db8::1", "2001:db8:0:1::1", false),
            ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "192.0.2.2", false),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.2", false), ("::1", "unknown", false),
        ])
    func addressGroups(left: String, right: String, areOne: Bool) {
        #expect(
            (AttemptLimiter.Key.address(left).hash == AttemptLimiter.Key.address(right).hash) == areOne)
        #expect(
            (AttemptLimiter.Key.ceremonies(address: left).hash == AttemptLimiter.Key.ceremonies(address: right).hash)
                == areOne)
        #expect(AttemptLimiter.Key.address(left).hash != AttemptLimiter.Key.ceremonies(address: left).hash)
    }

    @Test("A request that is cancelled by the shutdown is no error")
    func cancelled() {
        let request = Request(
            head: HTTPRequest(method: .get, scheme: "http", authority: "portal.example", path: "/"),
            body: RequestBody(buffer: ByteBuffer()))
        #expect(SessionMiddleware.failure(from: CancellationError(), request: request) == .unavailable)
        #expect(
            SessionMiddleware.failure(from: MaildirError(operation: "", path: "", code: 0), request: request)
                == .internalError)
    }
}
