import Hummingbird
import HummingbirdTesting
import Testing
import WebAuthnModel

@testable import Portal

/// Browsers read HTML code point by code point.
///
/// To Swift, a character and the mark behind it are one `Character`, which is another one than the character alone; so these tests
/// look at scalars.
@Suite(.timeLimit(.minutes(1))) struct EscapingTests {
    static let references = ["<": "&lt;", ">": "&gt;", "&": "&amp;", "\"": "&quot;", "'": "&#39;"]
    /// Combining marks, a variation selector and a joiner.
    static let marks = ["\u{301}", "\u{FE0F}", "\u{200D}", "\u{365}"]
    static let typed = references.keys.sorted().flatMap { character in marks.map { (character, $0) } }

    private static func says(_ html: String, _ text: String) -> Bool {
        html.unicodeScalars.firstRange(of: text.unicodeScalars) != nil
    }

    @Test("What a mark follows is escaped like what stands alone", arguments: typed)
    func function(character: String, mark: String) throws {
        let reference = try #require(Self.references[character])
        let escaped = HTMLText.escaped("a\(character)\(mark)b\(character)")
        #expect(escaped.unicodeScalars.elementsEqual("a\(reference)\(mark)b\(reference)".unicodeScalars))
        let plain = "山田 e\(mark);`="
        #expect(HTMLText.escaped(plain).unicodeScalars.elementsEqual(plain.unicodeScalars))
    }

    @Test("A user ID that comes back in the form adds no attribute to it")
    func userID() async throws {
        let fixture = try await PortalFixture(origins: [], relyingPartyID: "localhost")
        try await fixture.portal.application().test(.live) { client in
            for (character, mark) in Self.typed {
                let reference = try #require(Self.references[character])
                // Everybody has five attempts, and each of these is somebody else.
                let page = try await Browser(client: client).logIn("x", userID: "a\(character)\(mark) autofocus=b")
                #expect(page.status == 422)
                #expect(Self.says(page.body, "value=\"a\(reference)\(mark) autofocus=b\""), "\(character)\(mark)")
                #expect(!Self.says(page.body, "a\(character)\(mark)"), "\(character)\(mark)")
            }
        }
    }

    @Test("A passkey's name is text on every page that shows it", arguments: marks)
    func passkeyName(mark: String) async throws {
        try await PortalFixture.withPasskey { _, browser, authenticator in
            let path = "/settings/passkeys/\(Base64URL.encode(authenticator.credentialID))"
            for (character, reference) in Self.references {
                let list = try await browser.submit(path, ["name": "a\(character)\(mark)b"], on: browser.open(path))
                let others = [try await browser.open("/top"), try await browser.open(path)]
                for page in [list] + others {
                    #expect(page.status == 200)
                    #expect(Self.says(page.body, "a\(reference)\(mark)b"), "\(page.path) \(character)\(mark)")
                    #expect(!Self.says(page.body, "a\(character)\(mark)"), "\(page.path) \(character)\(mark)")
                }
            }
        }
    }

    /// A screen with another text in every place of the template.
    private static func fullScreen(_ text: () -> String) -> Screen {
        var screen = Screen(title: text())
        screen.steps = [text()]
        screen.alert = Screen.Alert(alertText: text(), isError: true)
        screen.paragraphs = [text()]
        screen.qrCode = Screen.QRCodePicture(qrCodeSVG: "<svg/>", qrCodeLabel: text())
        screen.appLink = Screen.Link(linkPath: text(), linkLabel: text())
        screen.details = [Screen.Detail(term: text(), description: text(), isCode: true)]
        screen.menu = [Screen.MenuItem(menuPath: text(), menuLabel: text(), menuHint: text())]
        screen.mails = [
            Screen.ShownMail(
                mailSubject: text(), mailHeaders: text(), mailText: [(text(), isLink: true), (text(), isLink: false)])
        ]
        screen.terms = [text()]
        screen.forms = [
            Screen.Form(
                formAction: text(), hidden: [(text(), text())], userName: text(),
                fields: [
                    Screen.Field(
                        fieldName: text(), fieldLabel: text(), fieldType: text(), fieldValue: text(), fieldHint: text(),
                        autocomplete: text(), inputMode: text(), isInvalid: true)
                ],
                choices: [
                    Screen.Choice(choiceName: text(), choiceValue: text(), choiceLabel: text(), choiceHint: text())
                ],
                buttons: [Screen.Button(buttonName: text(), buttonValue: text(), buttonLabel: text())])
        ]
        screen.ceremony = Screen.CeremonyPanel(
            ceremonyKind: text(), ceremonyButtons: [(text(), text())], ceremonyTitle: text(), offersAutofill: true)
        screen.passkeysTitle = text()
        screen.passkeys = [Screen.PasskeyRow(passkeyName: text(), passkeyDetails: text())]
        screen.links = [Screen.Link(linkPath: text(), linkLabel: text())]
        screen.sections = [Screen.Section(sectionTitle: text(), sectionParagraphs: [text(), text()])]
        screen.signals = text()
        screen.offersMailPage = true
        screen.offersCeremonies = true
        screen.offersLogOut = true
        return screen
    }

    @Test("There is no place of the template where text is not escaped")
    func everyPlace() throws {
        var count = 0
        let screen = Self.fullScreen {
            count += 1
            return "\"\u{301}<\u{FE0F}\(count)."
        }
        let renderer = try PageRenderer(siteName: "\"\u{301}site", showsManualSteps: true, hasMailPage: true)
        let html = renderer.render(screen, language: .english, formToken: "\"\u{301}token", path: "/\"\u{301}path")
        for number in 1...count {
            #expect(Self.says(html, "&quot;\u{301}&lt;\u{FE0F}\(number)."), "text \(number) is not there")
        }
        #expect(Self.says(html, "&quot;\u{301}site") && Self.says(html, "&quot;\u{301}token"))
        #expect(!Self.says(html, "\"\u{301}") && !Self.says(html, "<\u{FE0F}"))
    }

    @Test(
        "A link to the page itself stays on this site",
        arguments: [
            ("/", "/"), ("/login", "/login"), ("/a//b", "/a//b"), ("/%EF%B8%8F", "/%EF%B8%8F"),
            ("//evil.example", "/"), ("/\\evil.example", "/"), ("//\u{FE0F}evil.example", "/"),
            ("/\u{FE0F}/evil.example", "/"), ("/\u{301}/evil.example", "/"), ("/\\\u{FE0F}evil.example", "/"),
            ("/\t/evil.example", "/"), ("evil.example", "/"), ("*", "/"), ("", "/"),
        ])
    func languageLink(path: String, link: String) {
        #expect(PageRenderer.pathOnThisSite(path) == link)
    }
}
