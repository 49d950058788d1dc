import CTAP
import ClientPlatform
import Testing
import WebAuthnModel

@Suite("Origins and RP IDs")
struct WebOriginTests {
    @Test(
        "Secure contexts with a domain are accepted",
        arguments: [
            ("https://portal.example", "portal.example"), ("https://a.b.example:8443", "a.b.example"),
            ("http://localhost", "localhost"), ("http://localhost:8080", "localhost"),
            ("http://portal.localhost:1", "portal.localhost"), ("https://intranet", "intranet"),
        ])
    func accepts(origin: String, host: String) throws {
        let parsed = try WebOrigin(origin)
        #expect(parsed.host == host)
        #expect(parsed.serialized == origin)
    }

    @Test(
        "Everything else is a SecurityError",
        arguments: [
            "", "null", "https://", "http://portal.example", "http://127.0.0.1", "https://127.0.0.1",
            "https://[::1]", "https://Portal.example", "https://portal.example/", "https://portal.example:",
            "https://portal.example:0443", "https://portal.example:443", "http://localhost:80",
            "https://portal.example\u{FE0F}", "https:\u{FE0F}//portal.example", "https://portal.example:\u{301}8443",
            "https://portal.example:70000", "https://a..example", "https://.example",
            "https://user@portal.example", "file:///tmp", "android:apk-key-hash:AA", "https://a.1",
            "http://notlocalhost",
        ])
    func refuses(origin: String) {
        #expect(throws: ClientPlatformError.insecureOrigin(origin)) { _ = try WebOrigin(origin) }
        #expect(ClientPlatformError.insecureOrigin(origin).name == .security)
    }

    @Test(
        "An RP ID is the host or a parent domain",
        arguments: [
            ("https://login.portal.example", String?.none, "login.portal.example"),
            ("https://login.portal.example", "login.portal.example", "login.portal.example"),
            ("https://login.portal.example", "portal.example", "portal.example"),
            ("http://localhost:8080", "localhost", "localhost"), ("https://intranet", "intranet", "intranet"),
        ])
    func acceptsID(origin: String, id: String?, expected: String) async throws {
        let authenticator = ScriptedAuthenticator(.init(relyingPartyID: expected))
        let options = PublicKeyCredentialRequestOptions(challenge: [1], rpId: id)
        _ = try await makeClient(origin).get(options, using: authenticator, attachment: .platform)
        #expect(authenticator.record.assertions.map(\.relyingPartyID) == [expected])
    }

    static let host = "login.portal.example"

    @Test(
        "Any other RP ID is a SecurityError, in both ceremonies",
        arguments: [
            ("example", ClientPlatformError.publicSuffix("example")),
            ("", .relyingPartyID("", host: host)), ("ortal.example", .relyingPartyID("ortal.example", host: host)),
            (".portal.example", .relyingPartyID(".portal.example", host: host)),
            ("Portal.example", .relyingPartyID("Portal.example", host: host)),
            ("x.login.portal.example", .relyingPartyID("x.login.portal.example", host: host)),
            ("evil.example", .relyingPartyID("evil.example", host: host)),
        ])
    func refusesID(id: String, expected: ClientPlatformError) async throws {
        let authenticator = ScriptedAuthenticator()
        let client = try makeClient("https://\(Self.host)")
        var options = creationOptions()
        options.rp.id = id
        await #expect(throws: expected) {
            _ = try await client.create(options, using: authenticator, attachment: .platform)
        }
        await #expect(throws: expected) {
            _ = try await client.get(
                PublicKeyCredentialRequestOptions(challenge: [1], rpId: id), using: authenticator,
                attachment: .platform)
        }
        #expect(expected.name == .security)
        #expect(authenticator.record.creations.isEmpty && authenticator.record.assertions.isEmpty)
    }
}

@Suite("Related origins, WebAuthn Level 3 §5.11")
struct RelatedOriginsTests {
    static func document(_ origins: [String]) -> String {
        "{\"origins\": [\(origins.map { "\"\($0)\"" }.joined(separator: ", "))], \"other\": 1}"
    }

    @Test(
        "An origin of the document is contained, however it is written down",
        arguments: [
            ["https://shop.example"], ["https://shop.example/"], ["https://other.example", "https://shop.example"],
            ["", "null", "http://shop.example", "https://127.0.0.1", "https://shop.example"],
            // Five labels, the fifth of which is the one; and domains of one label are not counted.
            (1...4).map { "https://label\($0).example" } + ["https://shop.example"],
            (1...9).map { "https://www\($0).label.example" } + ["https://shop.example"],
            (1...9).map { "https://single\($0)" } + ["https://shop.example"],
            ["https://www.shop.example"] + (1...9).map { "https://label\($0).example" } + ["https://shop.example"],
        ])
    func contains(origins: [String]) throws {
        let related = try #require(RelatedOrigins(json: Array(Self.document(origins).utf8)))
        #expect(related.contain(try WebOrigin("https://shop.example")))
        #expect(!related.contain(try WebOrigin("https://shop.example:8443")))
        #expect(!related.contain(try WebOrigin("https://evil.example")))
    }

    @Test(
        "Any other is not, and labels beyond the fifth are not looked at",
        arguments: [
            [], ["https://shop.example:8443"], ["https://www.shop.example"], ["http://shop.example"],
            ["https://shop.example/path"], (1...5).map { "https://label\($0).example" } + ["https://shop.example"],
        ])
    func doesNotContain(origins: [String]) throws {
        let related = try #require(RelatedOrigins(json: Array(Self.document(origins).utf8)))
        #expect(!related.contain(try WebOrigin("https://shop.example")))
    }

    @Test(
        "What is no document is refused",
        arguments: [
            "", "[]", "{}", "{\"origins\": \"https://shop.example\"}", "{\"origins\": [1]}", "{\"origins\": null}",
        ])
    func refuses(json: String) {
        #expect(RelatedOrigins(json: Array(json.utf8)) == nil)
    }

    @Test("A document that is too long is not read")
    func tooLong() {
        let padding = String(repeating: " ", count: RelatedOrigins.maximumByteCount)
        #expect(RelatedOrigins(json: Array((Self.document([]) + padding).utf8)) == nil)
    }

    @Test("A page of a related origin uses the RP ID, and its own origin is what is signed")
    func ceremony() async throws {
        let authenticator = ScriptedAuthenticator(.init(relyingPartyID: "portal.example"))
        let document = Self.document(["https://shop.example"])
        let client = WebAuthnClient(origin: try WebOrigin("https://shop.example")) { id in
            id == "portal.example" ? RelatedOrigins(json: Array(document.utf8)) : nil
        }
        let options = PublicKeyCredentialRequestOptions(challenge: [1], rpId: "portal.example")
        let response = try await client.get(options, using: authenticator, attachment: .platform)
        #expect(authenticator.record.assertions.map(\.relyingPartyID) == ["portal.example"])
        let clientData = try CollectedClientData(decoding: response.response.clientDataJSON.bytes)
        #expect(clientData.origin == "https://shop.example")
    }

    @Test(
        "Where the document is missing, or the RP ID is no domain, the ceremony is a SecurityError",
        arguments: ["other.example", "Portal.example", "", "example", "com", "127.0.0.1"])
    func refused(id: String) async throws {
        let document = Self.document(["https://shop.example"])
        let client = WebAuthnClient(origin: try WebOrigin("https://shop.example")) { id in
            id == "other.example" ? nil : RelatedOrigins(json: Array(document.utf8))
        }
        let authenticator = ScriptedAuthenticator(.init(relyingPartyID: id))
        let options = PublicKeyCredentialRequestOptions(challenge: [1], rpId: id)
        await #expect(throws: ClientPlatformError.self) {
            _ = try await client.get(options, using: authenticator, attachment: .platform)
        }
        #expect(authenticator.record.assertions.isEmpty)
    }
}
