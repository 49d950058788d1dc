import GRDB
import HTTPTypes
import Testing

@testable import Portal

@Suite struct FirstLoginTests {
    @Test("Chapter 1 runs from 1.1 to 1.11 and each page names its steps")
    func wholeChapter() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            var page = try await browser.open("/")
            #expect(page.path == "/login")
            #expect(page.steps == ["1.1", "1.2", "2-1.1", "2-2.1", "x.1"])
            page = try await browser.submit(
                "/login", ["userID": PortalFixture.userID, "password": PortalFixture.initialPassword], on: page)
            #expect(page.steps == ["1.3"])
            page = try await browser.submit("/first-login/date-of-birth", ["dateOfBirth": "19900131"], on: page)
            #expect(page.steps == ["1.4"])
            page = try await browser.submit("/first-login/terms", ["decision": "accept"], on: page)
            #expect(page.steps == ["1.5"])
            page = try await browser.submit("/first-login/mail-address", ["mailAddress": "hanako@example.jp"], on: page)
            #expect(page.steps == ["1.6", "1.7"])
            #expect(page.says("hanako@example.jp"))

            // Refreshing does not help before the link was opened.
            page = try await browser.open("/first-login/mail-confirmation?refreshed=1")
            #expect(page.steps == ["1.6", "1.7"])
            #expect(page.says(Phrase.notConfirmedYet.text(.japanese)))

            // The link is opened in a mail program's browser, which is another one.
            let link = try #require(try fixture.mailLinks().first)
            do {
                let other = browser.another()
                let opened = try await other.open(link)
                #expect(opened.steps == ["1.6"])
                #expect(try await fixture.account().step == .mailConfirmation)
                let confirmed = try await other.submit(link, [:], on: opened)
                #expect(confirmed.status == 200)
                #expect(confirmed.says(Phrase.confirmedTitle.text(.japanese)))
            }
            page = try await browser.open("/first-login/mail-confirmation?refreshed=1")
            #expect(page.steps == ["1.8"])
            page = try await browser.submit("/first-login/method", ["method": "passkey"], on: page)
            #expect(page.steps == ["1.9"])
            let password = PortalFixture.newPassword
            page = try await browser.submit(
                "/first-login/password", ["newPassword": password, "repeatedPassword": password], on: page)
            #expect(page.steps == ["1.10", "1.11"])

            // 1.11: nothing else opens before the log-out.
            #expect(try await browser.open("/passkeys/new").steps == ["1.10", "1.11"])
            #expect(try await browser.open("/top").steps == ["1.10", "1.11"])
            page = try await browser.submit("/logout", [:], on: page)
            #expect(page.says(Phrase.noticeLoggedOut.text(.japanese)))
            #expect(try await browser.open("/top").path.hasPrefix("/login"))

            // The initial password has stopped working.
            #expect(try await browser.logIn(PortalFixture.initialPassword).status == 422)
            #expect(try await browser.logIn(PortalFixture.newPassword).steps.contains("2-1.2"))
        }
    }

    @Test(
        "Every page of chapter 1 leads to the step that is due, whatever is reloaded",
        arguments: ["1.3", "1.4", "1.5", "1.6", "1.8", "1.9", "1.10"])
    func duePage(step: String) async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let due = try await browser.walk(fixture, upTo: step)
            for other in FirstLoginStep.allCases where !(step == "1.6" && other == .mailAddress) {
                #expect(try await browser.open(other.path).steps == due.steps)
            }
            for path in ["/", "/login", "/passkeys/new", "/passkeys/name", "/login/passkey", "/top"] {
                #expect(try await browser.open(path).steps == due.steps, "\(path)")
            }
            // Another login resumes at the same step.
            let password = step == "1.10" ? PortalFixture.newPassword : PortalFixture.initialPassword
            do {
                let other = browser.another()
                let resumed = try await other.logIn(password)
                #expect(resumed.steps == due.steps || step == "1.10")
            }
        }
    }

    @Test("A form sent twice changes nothing the second time")
    func resubmission() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let birth = try await browser.walk(fixture, upTo: "1.3")
            _ = try await browser.submit("/first-login/date-of-birth", ["dateOfBirth": "1990-01-31"], on: birth)
            let again = try await browser.submit("/first-login/date-of-birth", ["dateOfBirth": "1990-01-31"], on: birth)
            #expect(again.steps == ["1.4"])
            let wrong = try await browser.submit("/first-login/date-of-birth", ["dateOfBirth": "2000-01-31"], on: birth)
            #expect(wrong.steps == ["1.4"])
            #expect(try await fixture.account().step == .terms)
        }
    }

    @Test(
        "A wrong date of birth has a clear screen and leaves the account as it was",
        arguments: [
            ("1990-02-01", Phrase.birthWrong), ("1990-02-30", .birthMalformed), ("", .birthMalformed),
            ("yesterday", .birthMalformed), ("1990-1-31", .birthMalformed),
        ])
    func wrongDateOfBirth(input: String, message: Phrase) async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let page = try await browser.walk(fixture, upTo: "1.3")
            let before = try await fixture.account()
            let refused = try await browser.submit("/first-login/date-of-birth", ["dateOfBirth": input], on: page)
            #expect(refused.status == 422)
            #expect(refused.steps == ["1.3"])
            #expect(refused.says(message.text(.japanese)))
            #expect(try await fixture.account() == before)
            #expect(
                try await browser.submit(
                    "/first-login/date-of-birth", ["dateOfBirth": "1990-01-31"], on: refused
                ).steps == ["1.4"])
        }
    }

    @Test("Guessing the date of birth is slowed down")
    func dateOfBirthGuesses() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let page = try await browser.walk(fixture, upTo: "1.3")
            for _ in 0..<5 {
                _ = try await browser.submit("/first-login/date-of-birth", ["dateOfBirth": "1990-02-01"], on: page)
            }
            let right = ["dateOfBirth": "1990-01-31"]
            let slowed = try await browser.submit("/first-login/date-of-birth", right, on: page)
            #expect(slowed.status == 429)
            #expect(slowed.headers[.retryAfter] == "900")
            #expect(slowed.says("15分"))
            fixture.advance(by: 900)
            #expect(try await browser.submit("/first-login/date-of-birth", right, on: page).steps == ["1.4"])
        }
    }

    @Test("Refusing the terms has a clear screen, a way back, and changes nothing")
    func termsRefused() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let page = try await browser.walk(fixture, upTo: "1.4")
            let refused = try await browser.submit("/first-login/terms", ["decision": "refuse"], on: page)
            #expect(refused.says(Phrase.termsRefused.text(.japanese)))
            #expect(refused.says(#"href="/first-login/terms""#))
            #expect(try await fixture.account().step == .terms)
            let undecided = try await browser.submit("/first-login/terms", [:], on: page)
            #expect(undecided.status == 422)
            #expect(try await browser.open("/first-login/terms").steps == ["1.4"])
        }
    }

    @Test("Three methods are offered, and none is chosen by itself")
    func method() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let page = try await browser.walk(fixture, upTo: "1.8")
            #expect(page.body.matches(of: /type="radio"/).count == 3)
            #expect(!page.says(" checked"))
            for choice in [[:], ["method": "otp"]] {
                #expect(try await browser.submit("/first-login/method", choice, on: page).status == 422)
            }
            #expect(try await fixture.account().step == .method)
        }
    }

    @Test(
        "A new password that will not do is refused with its reason",
        arguments: [
            ("short", "short", Phrase.passwordTooShort), ("my hanako01 password", "", .passwordPersonal),
            ("born on 19900131", "", .passwordPersonal), ("abababababab", "", .passwordTooSimple),
            ("five green umbrellas", "six green umbrellas", .passwordsDiffer),
            ("un caf\u{E9} s'il vous pla\u{EE}t", "un cafe\u{301} s'il vous plai\u{302}t", .passwordsDiffer),
            (String(repeating: "aBcDeF", count: 50), "", .passwordTooLong),
        ])
    func newPassword(first: String, second: String, reason: Phrase) async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let page = try await browser.walk(fixture, upTo: "1.9")
            let before = try await fixture.account()
            let refused = try await browser.submit(
                "/first-login/password",
                ["newPassword": first, "repeatedPassword": second.isEmpty ? first : second], on: page)
            #expect(refused.status == 422)
            #expect(refused.says(reason.text(.japanese)))
            #expect(try await fixture.account() == before)
        }
    }

    @Test("The initial password cannot be the new one")
    func initialPasswordAgain() async throws {
        let fixture = try await PortalFixture()
        let initial = "correct horse"
        let birth = try #require(CalendarDate("19800229"))
        try await fixture.portal.accounts.addUser(
            userID: "taro", initialPassword: initial, dateOfBirth: birth, name: "Taro")
        try await fixture.portal.core.database.write {
            try $0.execute(sql: "UPDATE account SET firstLoginStep = 'newPassword' WHERE userID = 'taro'")
        }
        try await fixture.browse { browser in
            let page = try await browser.logIn(initial, userID: "taro")
            let refused = try await browser.submit(
                "/first-login/password", ["newPassword": initial, "repeatedPassword": initial], on: page)
            #expect(refused.says(Phrase.passwordIsInitial.text(.japanese)))
        }
    }

    @Test("A new password ends every other visit and gives this one a new secret")
    func newPasswordEndsVisits() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let page = try await browser.walk(fixture, upTo: "1.9")
            do {
                let other = browser.another()
                #expect(try await other.logIn(PortalFixture.initialPassword).steps == ["1.9"])
                let before = browser.cookies
                let password = PortalFixture.newPassword
                _ = try await browser.submit(
                    "/first-login/password", ["newPassword": password, "repeatedPassword": password], on: page)
                #expect(browser.cookies != before)
                #expect(try await other.open("/").path.hasPrefix("/login"))
            }
        }
    }
}
