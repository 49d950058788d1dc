import Foundation
import GRDB
import Testing
import WebAuthnModel

@testable import Portal

@Suite struct PasskeyTests {
    @Test(
        "2-1 and ★: set up biometrics, name the passkey, log in with password and passkey, then with the passkey alone")
    func wholeJourney() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            var authenticator = TestAuthenticator()
            var page = try await browser.reachSetUp(fixture)
            #expect(page.steps == ["2-1.2", "2-1.3", "2-1.4", "2-1.5", "2-2.2", "2-2.3"])
            #expect(page.says("/webauthn.js"))
            page = try await browser.register(&authenticator)
            #expect(page.steps == ["2-1.8", "2-2.5", "x.5"])
            #expect(page.says("自宅のパソコン"))
            #expect(page.says("山田 花子"))

            // The password alone no longer suffices.
            page = try await browser.submit("/logout", [:], on: page)
            page = try await browser.logIn(PortalFixture.newPassword)
            #expect(page.steps == ["x.2", "x.3", "x.4"])
            #expect(try await browser.open("/top").steps == page.steps)
            #expect(try await browser.open("/passkeys/new").steps == page.steps)
            #expect(try await browser.call("/webauthn/registration/options", "{}").status == 401)
            let options = try await browser.call("/webauthn/authentication/options", "{}")
            let decoded = try JSONDecoder().decode(
                PublicKeyCredentialRequestOptions.self, from: Data(options.body.utf8))
            #expect(decoded.allowCredentials?.map(\.id.bytes) == [authenticator.credentialID])
            #expect(decoded.userVerification == .required)
            var answer = try await browser.call(
                "/webauthn/authentication/verification", try authenticator.get(options.body))
            #expect(answer.status == 200)
            #expect(answer.body == #"{"next":"/top"}"#)
            page = try await browser.open("/top")
            #expect(page.steps.contains("x.5"))

            // Without a user ID.
            _ = try await browser.submit("/logout", [:], on: page)
            let usernameless = try await browser.call("/webauthn/authentication/options", "{}")
            #expect(usernameless.body.contains(#""allowCredentials":[]"#))
            answer = try await browser.call(
                "/webauthn/authentication/verification", try authenticator.get(usernameless.body))
            #expect(answer.status == 200, "\(answer.body)")
            #expect(try await browser.open("/").path == "/top")

            // A second device.
            var phone = TestAuthenticator()
            #expect(try await browser.register(&phone, name: "電話").says("電話"))
        }
    }

    @Test("Creation options exclude what is registered and ask for the wanted kind of device")
    func creationOptions() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            var authenticator = TestAuthenticator()
            _ = try await browser.reachSetUp(fixture)
            _ = try await browser.register(&authenticator)
            let answer = try await browser.call(
                "/webauthn/registration/options", #"{"authenticatorAttachment":"cross-platform"}"#)
            let options = try JSONDecoder().decode(
                PublicKeyCredentialCreationOptions.self, from: Data(answer.body.utf8))
            #expect(options.excludeCredentials?.map(\.id.bytes) == [authenticator.credentialID])
            #expect(options.authenticatorSelection?.authenticatorAttachment == "cross-platform")
            #expect(options.authenticatorSelection?.userVerification == .required)
            #expect(options.authenticatorSelection?.residentKey == .required)
            #expect(options.user.id.bytes == (try await fixture.account().userHandle))

            // A client that ignores the list is told so, and nothing is stored twice.
            let again = try await browser.call(
                "/webauthn/registration/verification", try authenticator.create(answer.body))
            #expect(again.status == 409)
            #expect(again.body.contains(Phrase.alreadyRegistered.text(.japanese)))
            let strange = try await browser.call(
                "/webauthn/registration/options", #"{"authenticatorAttachment":"house"}"#)
            #expect(strange.status == 400)
        }
    }

    @Test("A registration is single use, expires, and belongs to its visit")
    func registrationCeremony() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            var authenticator = TestAuthenticator()
            _ = try await browser.reachSetUp(fixture)
            let options = try await browser.call("/webauthn/registration/options", "{}").body
            do {
                let other = browser.another()
                var copy = TestAuthenticator()
                _ = try await other.logIn(PortalFixture.newPassword)
                let stolen = try await other.call("/webauthn/registration/verification", try copy.create(options))
                #expect(stolen.status == 400)
                #expect(stolen.body.contains("ceremony-expired"))
            }
            fixture.advance(by: 301)
            let late = try await browser.call("/webauthn/registration/verification", try authenticator.create(options))
            #expect(late.status == 400)
            #expect(late.body.contains(Phrase.ceremonyExpired.text(.japanese)))
            #expect(try await browser.open("/").path == "/passkeys/new")
            #expect(try await browser.register(&authenticator).steps.contains("2-1.8"))
        }
    }

    @Test("A registration that is not verified changes nothing and may be tried again")
    func registrationRefused() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            _ = try await browser.reachSetUp(fixture)
            var phishing = TestAuthenticator()
            phishing.origin = "https://evil.example"
            var unverified = TestAuthenticator()
            unverified.flags = [.userPresent]
            for var authenticator in [phishing, unverified] {
                let options = try await browser.call("/webauthn/registration/options", "{}").body
                let response = try authenticator.create(options)
                let refused = try await browser.call("/webauthn/registration/verification", response)
                #expect(refused.status == 422)
                #expect(refused.body.contains(Phrase.notVerified.text(.japanese)))
                // The challenge is used all the same.
                let again = try await browser.call("/webauthn/registration/verification", response)
                #expect(again.body.contains("ceremony-expired"))
            }
            #expect(try await browser.open("/").path == "/passkeys/new")
            for body in ["", "{}", "[]", "{\"id\":1}", "not json"] {
                #expect(try await browser.call("/webauthn/registration/verification", body).status == 400)
            }
        }
    }

    @Test("An authentication is single use, expires, belongs to its visit, and its counter only grows")
    func authenticationCeremony() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let verification = "/webauthn/authentication/verification"
            var authenticator = TestAuthenticator()
            _ = try await browser.reachSetUp(fixture)
            let top = try await browser.register(&authenticator)
            _ = try await browser.submit("/logout", [:], on: top)

            var options = try await browser.call("/webauthn/authentication/options", "{}").body
            let response = try authenticator.get(options)
            do {
                let other = browser.another()
                _ = try await other.open("/login")
                #expect(try await other.call(verification, response).body.contains("ceremony-expired"))
                #expect(try await other.open("/top").path.hasPrefix("/login"))
            }
            #expect(try await browser.call(verification, response).status == 200)
            let replay = try await browser.call(verification, response)
            #expect(replay.body.contains("ceremony-expired"))

            options = try await browser.call("/webauthn/authentication/options", "{}").body
            fixture.advance(by: 301)
            #expect(try await browser.call(verification, try authenticator.get(options)).status == 400)

            options = try await browser.call("/webauthn/authentication/options", "{}").body
            authenticator.counter = 0
            #expect(try await browser.call(verification, try authenticator.get(options)).status == 422)
            authenticator.counter = 100

            options = try await browser.call("/webauthn/authentication/options", "{}").body
            var stranger = TestAuthenticator()
            #expect(try await browser.call(verification, try stranger.get(options)).status == 422)

            options = try await browser.call("/webauthn/authentication/options", "{}").body
            #expect(try await browser.call(verification, try authenticator.get(options)).status == 200)
        }
    }

    @Test("After one account's password, another account's passkey does not log in")
    func otherAccount() async throws {
        let fixture = try await PortalFixture()
        let birth = try #require(CalendarDate("19800229"))
        try await fixture.portal.accounts.addUser(
            userID: "taro", initialPassword: "taro-initial", dateOfBirth: birth, name: "Taro")
        try await fixture.portal.core.database.write {
            try $0.execute(sql: "UPDATE account SET firstLoginStep = 'complete' WHERE userID = 'taro'")
        }
        try await fixture.browse { browser in
            var hers = TestAuthenticator()
            _ = try await browser.reachSetUp(fixture)
            _ = try await browser.register(&hers)
            do {
                let other = browser.another()
                var his = TestAuthenticator()
                #expect(try await other.logIn("taro-initial", userID: "taro").steps.contains("2-1.2"))
                let top = try await other.register(&his)
                _ = try await other.submit("/logout", [:], on: top)
                _ = try await other.logIn("taro-initial", userID: "taro")
                let options = try await other.call("/webauthn/authentication/options", "{}").body
                let refused = try await other.call("/webauthn/authentication/verification", try hers.get(options))
                #expect(refused.status == 422)
                #expect(try await other.open("/top").path == "/login/passkey")
            }
        }
    }

    @Test("A passkey waits for its name, also over a log-out; names that will not do are refused")
    func naming() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            var authenticator = TestAuthenticator()
            _ = try await browser.reachSetUp(fixture)
            let options = try await browser.call("/webauthn/registration/options", "{}").body
            let cookies = browser.cookies
            let answer = try await browser.call(
                "/webauthn/registration/verification", try authenticator.create(options))
            #expect(answer.body == #"{"next":"/passkeys/name"}"#)
            #expect(browser.cookies != cookies)
            let page = try await browser.open("/top")
            #expect(page.steps == ["2-1.6", "2-1.7", "2-2.4"])
            let credential = page.field("credential")
            for name in ["", "  ", String(repeating: "長", count: 65), "a\u{7}b"] {
                let refused = try await browser.submit(
                    "/passkeys/name", ["name": name, "credential": credential], on: page)
                #expect(refused.status == 422)
            }
            let script = "<script>alert(1)</script>"
            let top = try await browser.submit("/passkeys/name", ["name": script, "credential": credential], on: page)
            #expect(top.steps.contains("2-1.8"))
            #expect(!top.says(script))
            #expect(top.says("&lt;script&gt;"))
        }
    }
}
