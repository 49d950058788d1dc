import HTTPTypes
import Testing

@testable import Portal

@Suite struct PasskeyNameTests {
    private static let windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    private static let mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    private static let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "

    @Test(
        "The proposed name tells where the passkey is",
        arguments: [
            (windows + "Chrome/143.0.0.0 Safari/537.36", ["internal"], "Chrome, Windows"),
            (windows + "Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0", ["internal"], "Edge, Windows"),
            (windows + "Chrome/143.0.0.0 Safari/537.36", ["hybrid", "internal"], "Phone"),
            (windows + "Chrome/143.0.0.0 Safari/537.36", ["nfc", "usb"], "Security key"),
            (mac + "Version/18.0 Safari/605.1.15", ["hybrid", "internal"], "Safari, Mac"),
            (phone + "CriOS/143.0 Mobile/15E148 Safari/604.1", ["internal"], "Chrome, iPhone"),
            ("Mozilla/5.0 (Android 16; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0", [], "Firefox, Android"),
            ("Mozilla/5.0 (X11; Linux x86_64)", [], "Linux"), ("curl/8.5.0", ["internal"], "Passkey"),
            ("", [], "Passkey"),
        ])
    func proposal(userAgent: String, transports: [String], name: String) {
        func propose(_ taken: [String]) -> String {
            PasskeyName.proposal(userAgent: userAgent, transports: transports, taken: taken, .english)
        }
        #expect(propose(["Desk"]) == name)
        #expect(propose([name]) == "\(name) 2")
        #expect(propose([name, "\(name) 3", "\(name) 2"]) == "\(name) 4")
    }

    @Test(
        "What only turns the direction of writing is no part of a name",
        arguments: [
            ("\u{202E}gnp.esuoh\u{202C}", "gnp.esuoh"), ("\u{2066} PC \u{2069}", "PC"), ("\u{200F}\u{061C}", nil),
            ("שלום", "שלום"), ("👩‍💻", "👩‍💻"),
        ])
    func directions(input: String, text: String?) {
        #expect(PasskeyName(input)?.text == text)
    }

    @Test("The page proposes a name by the browser's own, and numbers a second one")
    func page() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            var first = TestAuthenticator()
            var second = TestAuthenticator()
            _ = try await browser.reachSetUp(fixture)
            for (number, name) in ["Firefox, Mac", "Firefox, Mac 2"].enumerated() {
                let options = try await browser.call("/webauthn/registration/options", "{}").body
                let made = try number == 0 ? first.create(options) : second.create(options)
                #expect(try await browser.call("/webauthn/registration/verification", made).status == 200)
                let page = try await browser.send(
                    .get, "/passkeys/name", headers: [.userAgent: "Mozilla/5.0 (Macintosh) Firefox/145.0"])
                #expect(page.says(#"value="\#(name)""#))
                _ = try await browser.submit(
                    "/passkeys/name", ["name": name, "credential": page.field("credential")], on: page)
            }
        }
    }
}
