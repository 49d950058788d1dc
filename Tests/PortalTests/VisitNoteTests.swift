import HTTPTypes
import Testing
import WebAuthnModel

@testable import Portal

/// What a page says because of what was done before it.
@Suite struct VisitNoteTests {
    private static let cookie = "__Host-portal-note"
    private static let changed = Phrase.noticePasswordChanged.text(.japanese)
    private static let fields = [
        "currentPassword": PortalFixture.newPassword, "newPassword": "seven blue umbrellas",
        "repeatedPassword": "seven blue umbrellas",
    ]

    /// Every phrase that a page says for once.
    private static let notices: [Phrase] = [
        .noticeLoggedOut, .noticeLoggedOutEverywhere, .noticeLoginNeeded, .noticeMethodChanged, .noticePasswordChanged,
        .noticeRenamed, .noticeRemoved, .noticeAppReady,
    ]

    @Test(
        "A link makes no page say that something was done",
        arguments: [
            "/login?notice=logged-out", "/login?notice=logged-out-everywhere", "/settings?notice=method",
            "/settings?notice=password", "/settings/passkeys?notice=removed", "/top?notice=app-ready",
        ])
    func link(path: String) async throws {
        try await PortalFixture.withPasskey { _, browser, _ in
            let visitor = path.hasPrefix("/login") ? browser.another() : browser
            let page = try await visitor.open(path)
            #expect(page.status == 200 && !page.says(#"id="message""#))
            for notice in VisitNoteTests.notices { #expect(!page.says(notice.text(.japanese))) }
        }
    }

    @Test("A page says it once, not when it is loaded anew; other pages, in other tabs, leave it to that page")
    func once() async throws {
        try await PortalFixture.withPasskey { _, browser, _ in
            let page = try await browser.open("/settings/password")
            let answer = try await browser.post(
                "/settings/password", VisitNoteTests.fields.merging(["csrf": page.csrf]) { $1 })
            #expect(answer.status == 303 && answer.headers[.location] == "/settings")
            // Though they come before.
            for path in ["/top", "/settings/passkeys", "/settings/method", "/nothing", "/style.css"] {
                #expect(!(try await browser.open(path).says(VisitNoteTests.changed)))
            }
            let told = try await browser.open("/settings")
            #expect(told.says(VisitNoteTests.changed) && told.says(#"role="status""#))
            for path in ["/settings", "/settings?lang=en", "/settings?lang=ja"] {
                #expect(!(try await browser.open(path).says(#"id="message""#)))
            }
        }
    }

    @Test("A refusal that is too long for a cookie is not waited for, and takes the one before it away")
    func tooLong() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            for (userID, isKept) in [("nobody", true), ("a" + String(repeating: "\u{301}", count: 2500), false)] {
                let page = try await browser.open("/login")
                let answer = try await browser.post(
                    "/login", ["csrf": page.csrf, "userID": userID, "password": "wrong"])
                #expect(answer.status == 422)
                #expect(answer.headers[values: .setCookie].allSatisfy { $0.utf8.count < 4096 })
                #expect((browser.cookies[VisitNoteTests.cookie] != nil) == isKept)
            }
        }
    }

    @Test("Nobody waits for a page that never comes: the browser forgets after a minute")
    func lifetime() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let answer = try await browser.send(.get, "/top")
            let cookies = answer.headers[values: .setCookie]
            let note = try #require(cookies.first { $0.hasPrefix(VisitNoteTests.cookie + "=") })
            for attribute in ["Max-Age=60", "HttpOnly", "SameSite=Lax", "Path=/", "Secure"] {
                #expect(note.contains("; \(attribute)"))
            }
            // The visit that it belongs to is the one that begins with the same answer.
            #expect(cookies.contains { $0.hasPrefix("__Host-portal-session=") })
            #expect(try await browser.open("/login").says(Phrase.noticeLoginNeeded.text(.japanese)))
            #expect(browser.cookies[VisitNoteTests.cookie] == nil)
        }
    }

    @Test("What belongs to another visit, or was invented, says nothing")
    func foreign() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            _ = try await browser.send(.get, "/top")
            let note = try #require(browser.cookies[VisitNoteTests.cookie])
            let invented = Array("{\"path\":\"/login\",\"phrase\":\"noticePasswordChanged\"}".utf8)
            let sealed = try fixture.portal.core.sealing.seal(invented, for: "note of visit ")
            for value in [note, "x", String(note.dropLast(4)), invented.base64, sealed.base64] {
                let other = browser.another()
                _ = try await other.open("/login")
                other.setCookie(VisitNoteTests.cookie, value)
                let page = try await other.open("/login")
                #expect(page.status == 200 && !page.says(#"id="message""#))
            }
        }
    }

    @Test("The page after a log-out has the tab forget what was exchanged", arguments: [true, false])
    func ended(isEverywhere: Bool) async throws {
        try await PortalFixture.withPasskey { _, browser, _ in
            let path = isEverywhere ? "/settings/log-out-everywhere" : "/logout"
            let page = try await browser.submit(path, [:], on: try await browser.open("/settings"))
            let notice: Phrase = isEverywhere ? .noticeLoggedOutEverywhere : .noticeLoggedOut
            #expect(page.path == "/login" && page.says(notice.text(.japanese)) && page.says(" data-ended>"))
            #expect(!(try await browser.open("/login").says("data-ended")))
        }
    }

    // MARK: The other language

    @Test("The language link after a refused login keeps the user ID and what was wrong, until somebody starts anew")
    func login() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let refused = try await browser.logIn("wrong password", userID: "Taro&1")
            #expect(refused.status == 422 && refused.says(#"href="/login?lang=en""#))
            for language in [Language.english, .japanese, .english] {
                let page = try await browser.open("/login?lang=\(language.rawValue)")
                #expect(page.status == 200 && page.says(Phrase.wrongPassword.text(language)))
                #expect(page.says(#"value="Taro&amp;1""#) && !page.says("wrong password"))
                #expect(page.says(#"aria-invalid="true""#) && page.says(#"role="alert" id="message""#))
            }
            // It is the visit's own: a link shows nothing to others, and a fresh look has nothing left.
            #expect(!(try await browser.another().open("/login?lang=en").says("Taro")))
            for path in ["/login", "/login?lang=en"] {
                let page = try await browser.open(path)
                #expect(!page.says("Taro") && !page.says(#"id="message""#) && !page.says("aria-invalid"))
            }
        }
    }

    @Test("Who must wait reads in the other language, too, how long it still takes")
    func delay() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            for _ in 0..<5 { _ = try await browser.logIn("wrong") }
            #expect(try await browser.logIn("wrong").says(Phrase.tooManyAttempts.text(.japanese, "15分")))
            fixture.advance(by: 5 * 60)
            var page = try await browser.open("/login?lang=en")
            #expect(page.says(Phrase.tooManyAttempts.text(.english, "10 minutes")) && page.says(PortalFixture.userID))
            fixture.advance(by: 10 * 60)
            page = try await browser.open("/login?lang=ja")
            #expect(!page.says(#"id="message""#) && page.says(PortalFixture.userID))
        }
    }

    @Test("A form that is sent to a path without a page has its link lead to the page above")
    func pathWithoutPage() async throws {
        for (path, page) in [
            ("/login/mail-code/send", "/login/mail-code"), ("/logout", "/"), ("/logout/", "/"),
            ("/settings/log-out-everywhere", "/settings"), ("/login", "/login"), ("/", "/"), ("/nothing", "/nothing"),
            ("/settings/passkeys/AAAA/removal", "/settings/passkeys/AAAA/removal"), ("/style.css", "/style.css"),
        ] {
            #expect(PortalRoutes.page(of: path) == page)
        }
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            var page = try await browser.reachSetUp(fixture, method: "mail")
            for _ in 0..<9 { page = try await browser.submit("/login/mail-code/send", [:], on: page) }
            let slowed = try await browser.submit("/login/mail-code/send", [:], on: page)
            #expect(slowed.status == 429 && slowed.says(#"href="/login/mail-code?lang=en""#))
            let english = try await browser.open("/login/mail-code?lang=en")
            #expect(english.status == 200 && english.says(Phrase.tooManyAttempts.text(.english, "60 minutes")))
        }
    }

    @Test("A mail address that was refused is still there in the other language; a password never is")
    func typed() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let page = try await browser.walk(fixture, upTo: "1.5")
            _ = try await browser.submit("/first-login/mail-address", ["mailAddress": "hanako at home"], on: page)
            let english = try await browser.open("/first-login/mail-address?lang=en")
            #expect(english.says(Phrase.mailMalformed.text(.english)) && english.says(#"value="hanako at home""#))
        }
        var screen = Screen(title: "")
        screen.forms = [
            Screen.Form(
                formAction: "/",
                fields: [
                    Screen.Field(fieldName: "a", fieldLabel: "", fieldValue: "typed"),
                    Screen.Field(
                        fieldName: "b", fieldLabel: "", fieldType: "password", fieldValue: "secret", isInvalid: true),
                ], buttons: [])
        ]
        let refusal = VisitNote.Refusal(on: screen, until: nil)
        #expect(refusal.values == ["a": "typed"] && refusal.wrongFields == ["b"])
    }
}

extension [UInt8] {
    /// The bytes as a cookie has them.
    fileprivate var base64: String { Base64URL.encode(self) }
}
