import Testing

@testable import Portal

@Suite struct HelpPageTests {
    private static let link = #"href="/help""#

    @Test("Who cannot log in finds out what to do, with the names that the pages use", arguments: Language.allCases)
    func texts(language: Language) async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            browser.acceptLanguage = language.rawValue
            let login = try await browser.open("/login")
            #expect(login.says(HelpPageTests.link) && login.says(Phrase.helpTitle.text(language)))
            let help = try await browser.open("/help")
            #expect(help.status == 200 && help.says("<h1>\(Phrase.helpTitle.text(language))</h1>"))
            let titles: [Phrase] = [.helpDeviceTitle, .helpCodeTitle, .helpPasswordTitle, .helpDeskTitle]
            for title in titles { #expect(help.says("<h2>\(title.text(language))</h2>")) }
            for name in [Phrase.passkeyLoginButton, .settingsTitle, .topPasskeys, .logOutEverywhere] {
                #expect(help.says(name.text(language)))
            }
            #expect(!help.says("%1") && !help.says("%2"))
            #expect(help.says(#"href="/""#) && !help.says(#"action="/logout""#))
        }
    }

    @Test(
        "Each page that asks for more than the password leads there", arguments: ["passkey", "totp", "mail"])
    func links(method: String) async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            var passkey = TestAuthenticator()
            var page = try await browser.reachSetUp(fixture, method: method)
            if method == "passkey" { page = try await browser.register(&passkey) }
            if method == "totp" { page = try await browser.setUpApp(fixture).page }
            _ = try await browser.submit("/logout", [:], on: page)
            page = try await browser.logIn(PortalFixture.newPassword)
            #expect(page.path.hasPrefix("/login/") && page.says(HelpPageTests.link))
            let help = try await browser.open("/help")
            #expect(help.says(#"action="/logout""#))
        }
    }

    /// What the page says about a lost device, done.
    @Test("A passkey of a lost phone is removed after a login with password and code", arguments: ["totp", "mail"])
    func lostPhone(method: String) async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            _ = try await browser.reachSetUp(fixture, method: method)
            var page: Browser.Page
            if method == "totp" {
                page = try await browser.setUpApp(fixture).page
            } else {
                let code = try #require(try fixture.mailCodes().last)
                page = try await browser.submit("/login/mail-code", ["code": code])
            }
            #expect(page.path == "/top")
            var phone = TestAuthenticator()
            page = try await browser.register(&phone)
            _ = try await browser.submit("/logout", [:], on: page)
            try fixture.emptyMailbox()
            fixture.advance(by: 60)

            page = try await browser.logIn(PortalFixture.newPassword)
            let code =
                method == "totp"
                ? fixture.code(of: try await fixture.app()) : try #require(try fixture.mailCodes().first)
            page = try await browser.submit(page.path, ["code": code], on: page)
            #expect(page.path == "/top")
            let list = try await browser.open("/settings/passkeys")
            let path = try #require(list.body.firstMatch(of: /href="(\/settings\/passkeys\/[A-Za-z0-9_-]+)"/)?.1)
            page = try await browser.submit("\(path)/removal", [:])
            #expect(page.says(Phrase.noticeRemoved.text(.japanese)))
            let stranger = browser.another()
            _ = try await stranger.open("/login")
            let options = try await stranger.call("/webauthn/authentication/options", "{}").body
            #expect(
                try await stranger.call("/webauthn/authentication/verification", try phone.get(options)).status == 422)
        }
    }
}
