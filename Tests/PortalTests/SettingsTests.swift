import Foundation
import GRDB
import HTTPTypes
import Testing
import WebAuthnModel

@testable import Portal

@Suite struct SettingsTests {
    private static let password = PortalFixture.newPassword

    private static let pages = [
        "/settings", "/settings/method", "/settings/password", "/settings/mail-address", "/settings/passkeys",
        "/one-time-password/set-up", "/settings/passkeys/AAAA", "/settings/passkeys/AAAA/removal",
    ]

    @Test("Nobody sees settings before everything is proven", arguments: pages)
    func closed(path: String) async throws {
        try await PortalFixture.withPasskey { fixture, browser, _ in
            let stranger = browser.another()
            let refused = try await stranger.open(path)
            #expect(refused.path == "/login" && refused.says(Phrase.noticeLoginNeeded.text(.japanese)))
            let half = browser.another()
            _ = try await half.logIn(SettingsTests.password)
            #expect(try await half.open(path).path == "/login/passkey")
            #expect(try await half.post(path, ["csrf": "x"]).status != 200)
        }
    }

    @Test(
        "What decides how one logs in asks for a fresh proof after ten minutes, and goes on with it",
        arguments: ["/settings/method", "/settings/password", "/settings/mail-address", "/passkeys/new"])
    func freshProof(path: String) async throws {
        try await PortalFixture.withPasskey { fixture, browser, authenticator in
            #expect(try await browser.open(path).path == path)
            fixture.advance(by: 10 * 60 + 1)
            let asked = try await browser.open(path)
            #expect(asked.path == "/login/passkey")
            // The rest goes on.
            #expect(try await browser.open("/top").path == "/top")
            #expect(try await browser.open("/settings/passkeys").path == "/settings/passkeys")
            let refused = try await browser.post(path, ["csrf": asked.csrf, "method": "mail"])
            #expect(refused.headers[.location] == "/login/passkey" || refused.status == 405)
            #expect(try await browser.call("/webauthn/registration/options", "{}").status == 401)
            _ = try await browser.open(path)
            #expect(try await browser.prove(with: &authenticator) == path)
            #expect(try await browser.open(path).path == path)
        }
    }

    @Test("The method changes to an app by its first code, to mail at once, and back to the passkey")
    func method() async throws {
        try await PortalFixture.withPasskey { fixture, browser, authenticator in
            var page = try await browser.open("/settings/method")
            #expect(page.says(#"value="passkey" aria-describedby="hint-passkey" checked"#))
            #expect(try await browser.submit("/settings/method", ["method": "fax"], on: page).status == 422)
            page = try await browser.submit("/settings/method", ["method": "totp"], on: page)
            #expect(page.path == "/one-time-password/set-up")
            #expect(try await fixture.account().method == .passkey)
            let (app, top) = try await browser.setUpApp(fixture)
            #expect(top.path.hasPrefix("/top"))
            #expect(try await fixture.account().method == .totp)
            let half = browser.another()
            #expect(try await half.logIn(SettingsTests.password).path == "/login/one-time-password")
            // The passkey alone still logs in, too.
            let alone = browser.another()
            _ = try await alone.open("/login")
            #expect(try await alone.prove(with: &authenticator) == "/top")
            #expect(try await alone.open("/top").path == "/top")

            page = try await browser.submit("/settings/method", ["method": "mail"])
            #expect(page.path == "/settings" && page.says(Phrase.noticeMethodChanged.text(.japanese)))
            await fixture.portal.core.outbox.sendDue()
            #expect(try fixture.mails().contains { $0.contains(Phrase.noticeMailMethod.text(.japanese)) })
            #expect(try await half.open("/top").path == "/login/mail-code")
            // The app's secret is gone: choosing it again sets up another.
            page = try await browser.submit("/settings/method", ["method": "totp"])
            #expect(try page.app() != app)
            page = try await browser.submit("/settings/method", ["method": "passkey"])
            #expect(try await fixture.account().method == .passkey)
        }
    }

    @Test("A first passkey becomes the method only when it was registered for that")
    func passkeyAsMethod() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            _ = try await browser.reachSetUp(fixture, method: "totp")
            _ = try await browser.setUpApp(fixture)
            var first = TestAuthenticator()
            _ = try await browser.register(&first)
            #expect(try await fixture.account().method == .totp)
            let list = try await browser.open("/settings/passkeys")
            let path = try #require(list.body.firstMatch(of: /href="(\/settings\/passkeys\/[A-Za-z0-9_-]+)"/)?.1)
            var page = try await browser.submit("\(path)/removal", [:])
            // The visit had begun anew with it.
            #expect(page.says(Phrase.removedAndLoggedOut.text(.japanese)))
            #expect(page.says("&quot;unknown&quot;"))

            page = try await browser.logIn(SettingsTests.password)
            fixture.advance(by: 60)
            let app = try await fixture.app()
            page = try await browser.submit("/login/one-time-password", ["code": fixture.code(of: app)], on: page)
            page = try await browser.submit("/settings/method", ["method": "passkey"])
            #expect(page.path == "/passkeys/new")
            #expect(try await fixture.account().method == .totp)
            var second = TestAuthenticator()
            _ = try await browser.register(&second)
            #expect(try await fixture.account().method == .passkey)
        }
    }

    @Test("Who cannot set up what they chose chooses again, with the password alone")
    func choiceAgain() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            var page = try await browser.reachSetUp(fixture)
            #expect(page.says("/settings/method"))
            page = try await browser.submit("/settings/method", ["method": "totp"])
            #expect(page.path == "/one-time-password/set-up")
            try fixture.emptyMailbox()
            page = try await browser.submit("/settings/method", ["method": "mail"])
            #expect(page.path == "/login/mail-code")
            let code = try #require(try fixture.mailCodes().first)
            #expect(try await browser.submit("/login/mail-code", ["code": code], on: page).path == "/top")
            // From here on it takes the proof.
            let half = browser.another()
            _ = try await half.logIn(SettingsTests.password)
            #expect(try await half.open("/settings/method").path == "/login/mail-code")
        }
    }

    @Test("A new password ends every other visit, is announced by mail, and needs the current one")
    func passwordChange() async throws {
        try await PortalFixture.withPasskey { fixture, browser, authenticator in
            let other = browser.another()
            _ = try await other.open("/login")
            _ = try await other.prove(with: &authenticator)
            let new = "seven blue umbrellas"
            var fields = ["currentPassword": "wrong", "newPassword": new, "repeatedPassword": new]
            let page = try await browser.open("/settings/password")
            var refused = try await browser.submit("/settings/password", fields, on: page)
            #expect(refused.status == 422)
            #expect(refused.says(Phrase.currentPasswordWrong.text(.japanese)))
            fields["currentPassword"] = SettingsTests.password
            for (changed, reason) in [
                (["newPassword": "short", "repeatedPassword": "short"], Phrase.passwordTooShort),
                (["repeatedPassword": "another one here"], .passwordsDiffer),
                (
                    ["newPassword": "un caf\u{E9} cr\u{E8}me", "repeatedPassword": "un cafe\u{301} cre\u{300}me"],
                    .passwordsDiffer
                ),
                (
                    ["newPassword": SettingsTests.password, "repeatedPassword": SettingsTests.password],
                    .passwordIsCurrent
                ),
            ] {
                refused = try await browser.submit("/settings/password", fields.merging(changed) { $1 }, on: page)
                #expect(refused.says(reason.text(.japanese)))
            }
            let cookies = browser.cookies
            let done = try await browser.submit("/settings/password", fields, on: page)
            #expect(done.says(Phrase.noticePasswordChanged.text(.japanese)))
            #expect(browser.cookies != cookies)
            #expect(try await other.open("/top").path.hasPrefix("/login"))
            #expect(try await other.logIn(SettingsTests.password).status == 422)
            #expect(try await other.logIn(new).path == "/login/passkey")
            await fixture.portal.core.outbox.sendDue()
            #expect(try fixture.mails().count == 1)
        }
    }

    @Test("Guesses at the current password are slowed, apart from those of the login")
    func currentPasswordGuesses() async throws {
        try await PortalFixture.withPasskey { fixture, browser, authenticator in
            // Whoever has used up the login's attempts can still change the password.
            for _ in 0..<6 { _ = try await browser.another().logIn("wrong password") }
            #expect(try await browser.another().logIn(SettingsTests.password).status == 429)
            fixture.advance(by: 14 * 60)
            _ = try await browser.open("/settings/password")
            #expect(try await browser.prove(with: &authenticator) == "/settings/password")
            let page = try await browser.open("/settings/password")
            for _ in 0..<5 {
                #expect(
                    try await browser.submit("/settings/password", ["currentPassword": "x"], on: page).status == 422)
            }
            let slowed = try await browser.submit(
                "/settings/password", ["currentPassword": SettingsTests.password], on: page)
            #expect(slowed.status == 429)
            // In all visits of the account together, and for a quarter of an hour, whoever logs in meanwhile.
            fixture.advance(by: 60)
            let other = browser.another()
            #expect(try await other.logIn(SettingsTests.password).path == "/login/passkey")
            _ = try await other.prove(with: &authenticator)
            let fields = ["currentPassword": SettingsTests.password]
            let elsewhere = try await other.submit("/settings/password", fields)
            #expect(elsewhere.status == 429 && elsewhere.headers[.retryAfter] == "840")
            fixture.advance(by: 840)
            _ = try await other.open("/settings/password")
            _ = try await other.prove(with: &authenticator)
            // It is right, but nothing new was typed.
            let taken = try await other.submit("/settings/password", fields)
            #expect(taken.says(Phrase.passwordTooShort.text(.japanese)))
        }
    }

    @Test("A new mail address is in force once its link was opened, and the old one is told first")
    func mailAddress() async throws {
        try await PortalFixture.withPasskey { fixture, browser, _ in
            let path = "/settings/mail-address"
            var page = try await browser.open(path)
            #expect(page.says("hanako@example.jp"))
            for wrong in ["", "nobody", "a@example.jp\r\nBcc: x@example.com", "hanako@example.jp"] {
                #expect(try await browser.submit(path, ["mailAddress": wrong], on: page).status == 422)
            }
            #expect(try fixture.mails().isEmpty)
            page = try await browser.submit(path, ["mailAddress": "h2@example.com"], on: page)
            #expect(page.says("h2@example.com") && page.says("hanako@example.jp"))
            #expect(try await fixture.account().mailAddress == "hanako@example.jp")
            #expect(try fixture.mails().count == 1 && fixture.mails()[0].contains("To: h2@example.com"))
            let link = try #require(try fixture.mailLinks().first)
            try fixture.emptyMailbox()

            // When the old address cannot be told, nothing changes, and the link is still good.
            let other = browser.another()
            try FileManager.default.removeItem(atPath: "\(fixture.mailDirectory)/tmp")
            let failed = try await other.submit(link, [:])
            #expect(failed.status == 503)
            #expect(try await fixture.account().mailAddress == "hanako@example.jp")
            try FileManager.default.createDirectory(
                atPath: "\(fixture.mailDirectory)/tmp", withIntermediateDirectories: true)

            let opened = try await other.open(link)
            #expect(try await fixture.account().mailAddress == "hanako@example.jp")
            let confirmed = try await other.submit(link, [:], on: opened)
            #expect(confirmed.says(Phrase.confirmedChange.text(.japanese)))
            #expect(try await fixture.account().mailAddress == "h2@example.com")
            let notice = try #require(try fixture.mails().first)
            #expect(notice.contains("To: hanako@example.jp") && notice.contains("h…@example.com"))
            #expect(try await other.submit(link, [:], on: opened).status == 410)
        }
    }

    @Test("Passkeys are listed, shown, renamed and removed, never the last way in; visits begun with one end with it")
    func passkeys() async throws {
        try await PortalFixture.withPasskey { fixture, browser, first in
            var second = TestAuthenticator()
            second.flags = [.userPresent, .userVerified, .backupEligible, .backedUp]
            _ = try await browser.register(&second, name: "電話")
            var list = try await browser.open("/settings/passkeys")
            let paths = [first, second].map { "/settings/passkeys/\(Base64URL.encode($0.credentialID))" }
            for path in paths { #expect(list.says(#"href="\#(path)""#)) }
            #expect(list.says("&quot;allAcceptedCredentialIds&quot;"))
            #expect(list.says("&quot;rpId&quot;:&quot;portal.example&quot;"))

            let page = try await browser.open(paths[1])
            #expect(page.says("BE 1, BS 1") && page.says("internal, hybrid") && page.says("電話"))
            #expect(try await browser.open(paths[0]).says("BE 0, BS 0"))
            #expect(try await browser.submit(paths[1], ["name": ""], on: page).status == 422)
            list = try await browser.submit(paths[1], ["name": " 新しい電話 "], on: page)
            #expect(list.says(Phrase.noticeRenamed.text(.japanese)) && list.says("新しい電話"))

            // A visit that began with the first ends when it is removed; this one began with the second.
            let other = browser.another()
            _ = try await other.open("/login")
            _ = try await other.prove(with: &first)
            #expect(try await other.open("/top").path == "/top")
            let removal = try await browser.open(paths[0] + "/removal")
            list = try await browser.submit(paths[0] + "/removal", [:], on: removal)
            #expect(list.says(Phrase.noticeRemoved.text(.japanese)))
            #expect(!list.says(paths[0]))
            #expect(try await other.open("/top").path.hasPrefix("/login"))
            let options = try await other.call("/webauthn/authentication/options", "{}").body
            let unknown = try await other.call("/webauthn/authentication/verification", try first.get(options))
            #expect(unknown.status == 422 && unknown.body.contains("credential-unknown"))

            // The page says so before anything is pressed, and has no button for it.
            let told = try await browser.open(paths[1] + "/removal")
            #expect(told.says(Phrase.passkeyIsLast.text(.japanese)) && told.says("/passkeys/new"))
            #expect(!told.says(Phrase.removeButton.text(.japanese)) && !told.says(#"action="\#(paths[1])"#))
            #expect(removal.says(#"action="\#(paths[0])/removal""#))
            let last = try await browser.submit(paths[1] + "/removal", [:])
            #expect(last.status == 422)
            #expect(last.says(Phrase.passkeyIsLast.text(.japanese)))
            #expect(try await browser.open(paths[1]).status == 200)
            for gone in [paths[0], "/settings/passkeys/***", paths[0] + "/removal"] {
                #expect(try await browser.open(gone).status == 404)
            }
        }
    }

    @Test("Another account's passkey is not found")
    func foreignPasskey() async throws {
        try await PortalFixture.withPasskey { fixture, browser, authenticator in
            try await fixture.portal.core.database.write {
                try $0.execute(
                    sql: "INSERT INTO account SELECT 99, 'taro', x'00', 'Taro', dateOfBirth, passwordHash, "
                        + "'complete', mailAddress, 'mail', 0, 0, 0, 0, NULL, NULL FROM account")
            }
            let other = browser.another()
            try fixture.emptyMailbox()
            let page = try await other.logIn(SettingsTests.password, userID: "taro")
            let code = try #require(try fixture.mailCodes().first)
            _ = try await other.submit("/login/mail-code", ["code": code], on: page)
            let path = "/settings/passkeys/\(Base64URL.encode(authenticator.credentialID))"
            #expect(try await other.open("/settings/passkeys").says(Phrase.passkeysNone.text(.japanese)))
            for path in [path, path + "/removal"] {
                #expect(try await other.open(path).status == 404)
                #expect(
                    try await other.submit(path, ["name": "x"], on: try await other.open("/settings")).status == 404)
            }
            #expect(try await browser.open(path).status == 200)
        }
    }

    @Test("Logging out everywhere ends every visit of the account")
    func everywhere() async throws {
        try await PortalFixture.withPasskey { fixture, browser, authenticator in
            let other = browser.another()
            _ = try await other.open("/login")
            _ = try await other.prove(with: &authenticator)
            let settings = try await browser.open("/settings")
            #expect(try await browser.post("/settings/log-out-everywhere", ["csrf": "x"]).status == 403)
            let page = try await browser.submit("/settings/log-out-everywhere", [:], on: settings)
            #expect(page.says(Phrase.noticeLoggedOutEverywhere.text(.japanese)))
            for ended in [browser, other] { #expect(try await ended.open("/top").path.hasPrefix("/login")) }
        }
    }
}
