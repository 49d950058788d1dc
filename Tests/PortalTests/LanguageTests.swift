import HTTPTypes
import Testing

@testable import Portal

@Suite struct LanguageTests {
    @Test("Every phrase says something in every language, with the same values", arguments: Phrase.allCases)
    func phrases(phrase: Phrase) {
        for text in [phrase.texts.japanese, phrase.texts.english] { #expect(!text.isEmpty) }
        for value in ["%1", "%2", "%3"] {
            #expect(phrase.texts.japanese.contains(value) == phrase.texts.english.contains(value))
        }
    }

    @Test(
        "The browser's wish is read by its weights",
        arguments: [
            ("ja", Language.japanese), ("en-US,en;q=0.9", .english), ("fr, en;q=0.5, ja;q=0.8", .japanese),
            ("ja;q=0, en;q=0.1", .english), ("", nil), ("EN-gb", .english), (";;,,q=", nil), ("*", nil),
            ("fr", .english), ("fr-CH, de;q=0.9, *;q=0.5", .english), ("zh-Hant;q=0.5, ja;q=0.1", .japanese),
            ("ja;q=0", nil), ("ja;q=0, fr", .english), ("fr;q=0", nil),
        ])
    func acceptLanguage(header: String, language: Language?) {
        #expect(Language(acceptLanguage: header) == language)
    }

    @Test("The link's choice wins over the browser's and is remembered")
    func choice() async throws {
        let fixture = try await PortalFixture(showsManualSteps: true)
        try await fixture.browse { browser in
            for (wish, language) in [("fr", "en"), (nil, "ja"), ("", "ja"), ("*", "ja"), ("ja", "ja")] {
                browser.acceptLanguage = wish
                #expect(try await browser.open("/login").says(#"<html lang="\#(language)">"#))
            }
            let english = try await browser.open("/login?lang=en")
            #expect(english.says(#"<html lang="en">"#))
            #expect(english.says("Log in with a passkey"))
            #expect(english.says("Manual step <span>1.1</span>"))
            #expect(english.says("<span>★.1</span>") && !english.says(">x.1<") && english.steps.contains("x.1"))
            let refused = try await browser.logIn("wrong")
            #expect(refused.says(Phrase.wrongPassword.text(.english)))
            #expect(refused.headers[.contentLanguage] == "en")
            #expect(try await browser.open("/login?lang=ja").says("ログイン"))
        }
    }
}
