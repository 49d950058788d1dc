import Foundation
import GRDB
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Portal

@Suite struct OneTimePasswordTests {
    /// The secret of RFC 4226 and RFC 6238.
    private static let rfc = TimeBasedOneTimePassword(secret: Array("12345678901234567890".utf8))

    @Test(
        "The codes of RFC 4226, appendix D",
        arguments: Array(
            [
                "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489",
            ].enumerated()))
    func counters(index: Int, code: String) {
        #expect(OneTimePasswordTests.rfc.code(counter: Int64(index)) == code)
    }

    @Test(
        "The codes of RFC 6238, appendix B, by their last six digits",
        arguments: [
            (59.0, "287082"), (1_111_111_109, "081804"), (1_111_111_111, "050471"), (1_234_567_890, "005924"),
            (2_000_000_000, "279037"), (20_000_000_000, "353130"),
        ])
    func moments(seconds: Double, code: String) {
        let counter = TimeBasedOneTimePassword.counter(at: Date(timeIntervalSince1970: seconds))
        #expect(OneTimePasswordTests.rfc.code(counter: counter) == code)
    }

    @Test(
        "Base32 is that of RFC 4648 without padding",
        arguments: [
            ("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ])
    func base32(text: String, encoded: String) {
        #expect(Base32.encode(Array(text.utf8)) == encoded)
    }

    @Test("One step before and after is taken, others are not", arguments: -3...3 as ClosedRange<Int64>)
    func window(offset: Int64) {
        let moment = Date(timeIntervalSince1970: 1_800_000_015)
        let now = TimeBasedOneTimePassword.counter(at: moment)
        let code = OneTimePasswordTests.rfc.code(counter: now + offset)
        let accepted = OneTimePasswordTests.rfc.acceptedCounter(of: code, at: moment, after: .min)
        #expect(accepted == (abs(offset) <= 1 ? now + offset : nil))
        #expect(OneTimePasswordTests.rfc.acceptedCounter(of: code, at: moment, after: now + offset) == nil)
    }

    @Test("The URI names issuer and account, with everything escaped that has a meaning of its own")
    func uri() {
        let uri = OneTimePasswordTests.rfc.uri(issuer: "Aikagi Portal", account: "a:b/ん?")
        #expect(
            uri == "otpauth://totp/Aikagi%20Portal:a%3Ab%2F%E3%82%93%3F?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
                + "&issuer=Aikagi%20Portal&algorithm=SHA1&digits=6&period=30")
    }

    @Test(
        "What people type is reduced to its digits",
        arguments: [(" 123 456 ", "123456"), ("１２３-４５６", "123456"), ("", ""), ("12a456", "12a456")])
    func typed(input: String, digits: String) { #expect(TypedCode.digits(input) == digits) }

    @Test("An app is set up with one code and asked for at each login; no code is taken twice, nor after a restart")
    func journey() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            var page = try await browser.reachSetUp(fixture, method: "totp")
            #expect(page.path == "/one-time-password/set-up")
            #expect(page.steps == ["b.1", "b.2"])
            #expect(page.says("<svg") && page.says("otpauth://totp/Aikagi%20Portal:hanako01?secret="))
            #expect(try await browser.open("/top").steps == page.steps)

            // A reload shows the same secret, another visit has its own.
            let app = try page.app()
            #expect(app.secret.count == 20)
            #expect(try await browser.open("/one-time-password/set-up").app() == app)
            do {
                let other = browser.another()
                let foreign = try await other.logIn(PortalFixture.newPassword)
                #expect(try foreign.app() != app)
                let refused = try await other.submit(
                    "/one-time-password/set-up", ["code": fixture.code(of: app)], on: foreign)
                #expect(refused.status == 422)
            }
            for wrong in [
                "", "000000000000", "abcdef", fixture.code(of: app, after: 2), fixture.code(of: app, after: -2),
            ] {
                let refused = try await browser.submit("/one-time-password/set-up", ["code": wrong], on: page)
                #expect(refused.status == 422)
                #expect(refused.says(Phrase.totpWrongAtSetUp.text(.japanese)))
                #expect(try refused.app() == app)
            }
            let confirming = fixture.code(of: app)
            page = try await browser.submit("/one-time-password/set-up", ["code": confirming], on: page)
            #expect(page.path.hasPrefix("/top"))
            #expect(page.says(Phrase.noticeAppReady.text(.japanese)))

            // The code that confirmed is used.
            _ = try await browser.submit("/logout", [:], on: page)
            page = try await browser.logIn(PortalFixture.newPassword)
            #expect(page.path == "/login/one-time-password")
            #expect(page.steps == ["b.3"])
            #expect(try await browser.open("/top").steps == ["b.3"])
            #expect(try await browser.open("/one-time-password/set-up").steps == ["b.3"])
            #expect(try await browser.open("/settings/method").steps == ["b.3"])
            let replayed = try await browser.submit("/login/one-time-password", ["code": confirming], on: page)
            #expect(replayed.status == 422)
            #expect(replayed.says(Phrase.totpWrong.text(.japanese)))

            fixture.advance(by: 30)
            let code = fixture.code(of: app)
            let top = try await browser.submit("/login/one-time-password", ["code": code], on: page)
            #expect(top.path == "/top")

            // In another visit, and after a restart, it is as used as before.
            let restarted = try PortalApplication(configuration: fixture.portal.core.configuration)
            for portal in [fixture.portal, restarted] {
                try await portal.application().test(.router) { client in
                    let again = Browser(client: client)
                    let page = try await again.logIn(PortalFixture.newPassword)
                    #expect(try await again.submit("/login/one-time-password", ["code": code], on: page).status == 422)
                }
            }
            do {
                let other = browser.another()
                fixture.advance(by: 30)
                let next = try await other.logIn(PortalFixture.newPassword)
                let typed = " \(fixture.code(of: app).prefix(3)) \(fixture.code(of: app).suffix(3))"
                #expect(try await other.submit("/login/one-time-password", ["code": typed], on: next).path == "/top")
            }
        }
    }

    @Test("Guessing codes is slowed down over all visits of an account, and a right one forgives")
    func guesses() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            _ = try await browser.reachSetUp(fixture, method: "totp")
            let (app, top) = try await browser.setUpApp(fixture)
            _ = try await browser.submit("/logout", [:], on: top)
            fixture.advance(by: 60)
            var page = try await browser.logIn(PortalFixture.newPassword)
            for _ in 0..<4 {
                #expect(try await browser.submit("/login/one-time-password", ["code": "1"], on: page).status == 422)
            }
            let right = ["code": fixture.code(of: app)]
            page = try await browser.submit("/login/one-time-password", right, on: page)
            #expect(page.path == "/top")
            _ = try await browser.submit("/logout", [:], on: page)
            fixture.advance(by: 60)
            for _ in 0..<5 {
                let other = browser.another()
                page = try await other.logIn(PortalFixture.newPassword)
                #expect(try await other.submit("/login/one-time-password", ["code": "1"], on: page).status == 422)
            }
            page = try await browser.logIn(PortalFixture.newPassword)
            let slowed = try await browser.submit(
                "/login/one-time-password", ["code": fixture.code(of: app)], on: page)
            #expect(slowed.status == 429)
            #expect(slowed.headers[.retryAfter] == "900")
            fixture.advance(by: 15 * 60)
            let late = try await browser.submit("/login/one-time-password", ["code": fixture.code(of: app)], on: page)
            #expect(late.path == "/top")
        }
    }

    @Test("Of two visits that send the same code at the same moment, one is let in")
    func race() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            _ = try await browser.reachSetUp(fixture, method: "totp")
            let (app, top) = try await browser.setUpApp(fixture)
            _ = try await browser.submit("/logout", [:], on: top)
            fixture.advance(by: 30)
            let code = fixture.code(of: app)
            let sealing = fixture.portal.core.sealing
            let now = fixture.portal.core.now
            let accountID = try await fixture.account().id
            let database = fixture.portal.core.database
            let accepted = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        try await database.write {
                            try OneTimePasswordStore.redeem(
                                code: code, accountID: accountID, sealing: sealing, now: now, in: $0)
                        }
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(accepted == 1)
        }
    }

    @Test("In two tabs of one visit, the set-up is done once; the other tab, back and reload lead to what is due")
    func tabs() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let first = try await browser.reachSetUp(fixture, method: "totp")
            let second = try await browser.open("/one-time-password/set-up")
            #expect(try first.app() == second.app())
            let code = ["code": fixture.code(of: try first.app())]
            let top = try await browser.submit("/one-time-password/set-up", code, on: first)
            #expect(top.path.hasPrefix("/top"))
            // The other tab's form belongs to the visit as it was before: nothing changes.
            let stale = try await browser.post("/one-time-password/set-up", code.merging(["csrf": second.csrf]) { $1 })
            #expect(stale.status == 403)
            #expect(stale.says(Phrase.formExpired.text(.japanese)))
            #expect(try await browser.open("/login/one-time-password").path == "/top")
            #expect(try await browser.open("/").path == "/top")
        }
    }

    @Test("Secrets are sealed: neither the database nor its log holds one, and another key opens none")
    func sealed() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let page = try await browser.reachSetUp(fixture, method: "totp")
            let pending = try page.app()
            let (app, _) = try await browser.setUpApp(fixture)
            #expect(pending == app)
            for file in ["portal.sqlite", "portal.sqlite-wal"] {
                let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(fixture.folder)/\(file)"))
                #expect(bytes.range(of: Data(app.secret)) == nil)
                #expect(bytes.range(of: Data(Base32.encode(app.secret).utf8)) == nil)
            }
            let key = fixture.databasePath + ".key"
            let mode = try FileManager.default.attributesOfItem(atPath: key)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            let sealing = try SealingKey(path: key)
            let box = try sealing.seal([1, 2, 3], for: "here")
            #expect(try sealing.open(box, for: "here") == [1, 2, 3])
            #expect(throws: SealingError.sealedByAnotherKey) { try sealing.open(box, for: "there") }
            let another = try SealingKey(path: "\(fixture.folder)/another.key")
            #expect(throws: SealingError.sealedByAnotherKey) { try another.open(box, for: "here") }
            for index in box.indices {
                var changed = box
                changed[index] ^= 1
                #expect(throws: SealingError.sealedByAnotherKey) { try sealing.open(changed, for: "here") }
            }
        }
    }

    @Test("A key file that is damaged, or cannot be made, is named", arguments: [0, 31, 33])
    func damagedKey(byteCount: Int) throws {
        let path = FileManager.default.temporaryDirectory.path + "/key-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }  // cleanup
        try Data(repeating: 7, count: byteCount).write(to: URL(fileURLWithPath: path))
        #expect(throws: PortalConfigurationError.self) { try SealingKey(path: path) }
        #expect(throws: PortalConfigurationError.self) { try SealingKey(path: path + "/nowhere/key") }
    }
}
