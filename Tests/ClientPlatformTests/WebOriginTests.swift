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
