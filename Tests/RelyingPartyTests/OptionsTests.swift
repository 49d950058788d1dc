import FoundationEssentials
import RelyingParty
import TestSupport
import Testing
import WebAuthnModel

@Suite("Options and configuration")
struct OptionsTests {
    static let record = CredentialRecord(
        id: [1, 2], userHandle: testUserHandle, publicKey: [], signatureCounter: 0, transports: [.hybrid],
        userVerificationInitialized: true, backupEligible: true, backupState: true, aaguid: .zero)

    @Test("Registration options ask for what the relying party is configured for")
    func registration() throws {
        let party = try makeRelyingParty(attestation: .direct)
        var generator = SeededGenerator(seed: 4)
        let user = PublicKeyCredentialUserEntity(id: testUserHandle, name: "taro", displayName: "Taro")
        let (options, ceremony) = party.registrationOptions(
            for: user, excluding: [Self.record], hints: ["hybrid"], now: testNow, using: &generator)
        #expect(options.rp == PublicKeyCredentialRelyingPartyEntity(id: "portal.example", name: "Portal"))
        #expect(options.user == user)
        #expect(options.pubKeyCredParams.map(\.alg) == WebAuthnRelyingParty.supportedAlgorithms)
        #expect(options.pubKeyCredParams.map(\.alg).prefix(2) == [.es256, .edDSA])
        #expect(options.excludeCredentials == [Self.record.descriptor])
        #expect(options.timeout == 300_000)
        #expect(options.attestation == "direct")
        #expect(
            options.attestationFormats == [
                "none", "packed", "tpm", "android-key", "android-safetynet", "fido-u2f", "apple", "compound",
            ])
        #expect(options.authenticatorSelection?.residentKey == .required)
        #expect(options.authenticatorSelection?.userVerification == .required)
        #expect(options.hints == ["hybrid"])
        #expect(options.extensions == ["credProps": .boolean(true)])
        #expect(options.challenge.bytes.count == 32)
        #expect(ceremony.challenge == options.challenge)
        #expect(ceremony.expires == testNow.addingTimeInterval(300))
        #expect(ceremony.userHandle?.bytes == testUserHandle)
        #expect(ceremony.algorithms == party.algorithms)
    }

    @Test("A selection's user verification is the ceremony's")
    func selection() throws {
        var generator = SeededGenerator(seed: 4)
        let (options, ceremony) = try makeRelyingParty().registrationOptions(
            for: PublicKeyCredentialUserEntity(id: testUserHandle), excluding: [],
            selection: AuthenticatorSelectionCriteria(
                authenticatorAttachment: "platform", residentKey: .preferred, userVerification: .preferred),
            now: testNow, using: &generator)
        #expect(options.authenticatorSelection?.authenticatorAttachment == "platform")
        #expect(options.authenticatorSelection?.userVerification == .preferred)
        #expect(ceremony.userVerification == .preferred)
        #expect(options.attestationFormats == nil)
    }

    @Test("Authentication options name the credentials")
    func authentication() throws {
        var generator = SeededGenerator(seed: 4)
        let (options, ceremony) = try makeRelyingParty().authenticationOptions(
            for: testUserHandle, allowing: [Self.record], userVerification: .discouraged, now: testNow,
            using: &generator)
        #expect(options.rpId == "portal.example")
        #expect(options.allowCredentials == [Self.record.descriptor])
        #expect(options.userVerification == .discouraged)
        #expect(ceremony.userVerification == .discouraged)
        #expect(ceremony.allowedCredentialIDs == [Self.record.id])
        #expect(ceremony.kind == .authentication)
    }

    @Test("Challenges differ")
    func challengesDiffer() throws {
        let party = try makeRelyingParty()
        var generator = SystemRandomNumberGenerator()
        let challenges = (0..<100).map { _ in
            party.authenticationOptions(now: testNow, using: &generator).ceremony.challenge
        }
        #expect(Set(challenges).count == 100)
    }

    @Test(
        "A relying party that cannot work is refused",
        arguments: [
            ("", ["https://a.example"], RelyingPartyConfigurationError.id("")),
            ("Portal.example", ["https://portal.example"], .id("Portal.example")),
            ("https://portal.example", ["https://portal.example"], .id("https://portal.example")),
            ("a..b", ["https://a..b"], .id("a..b")),
            ("127.0.0.1", ["http://127.0.0.1"], .id("127.0.0.1")),
            ("a.example", [], .noOrigin),
            ("a.example", ["http://a.example"], .origin("http://a.example")),
            ("a.example", ["https://a.example/"], .origin("https://a.example/")),
            ("a.example", ["https://a.example:"], .origin("https://a.example:")),
            ("a.example", ["https://a.example:99999"], .origin("https://a.example:99999")),
            ("a.example", ["https://a.example:443"], .origin("https://a.example:443")),
            ("a.example", ["https://a.example:+80"], .origin("https://a.example:+80")),
            ("a.example", ["https://a.example\u{301}"], .origin("https://a.example\u{301}")),
            ("a.example", ["https://a.example\u{FE0F}"], .origin("https://a.example\u{FE0F}")),
            ("a.example", ["https:\u{FE0F}//a.example"], .origin("https:\u{FE0F}//a.example")),
            ("a.example", ["https://a.example:\u{FE0F}8443"], .origin("https://a.example:\u{FE0F}8443")),
            ("k.example", ["https://\u{212A}.example"], .origin("https://\u{212A}.example")),
            ("a.example", ["a.example"], .origin("a.example")),
            (
                "a.example", ["https://ba.example"],
                .originOutsideID(origin: "https://ba.example", id: "a.example")
            ),
        ])
    func refusesConfiguration(id: String, origins: [String], expected: RelyingPartyConfigurationError) {
        #expect(throws: expected) { _ = try WebAuthnRelyingParty(id: id, name: "", origins: Set(origins)) }
        #expect("\(expected)".count > 20)
    }

    @Test("Algorithms and lifetimes that cannot work are refused")
    func refusesParameters() {
        let supported = WebAuthnRelyingParty.supportedAlgorithms
        #expect(throws: RelyingPartyConfigurationError.noAlgorithm(supported: supported)) {
            _ = try WebAuthnRelyingParty(id: "a", name: "", origins: ["https://a"], algorithms: [])
        }
        #expect(throws: RelyingPartyConfigurationError.algorithm(.rs1, supported: supported)) {
            _ = try WebAuthnRelyingParty(id: "a", name: "", origins: ["https://a"], algorithms: [.rs1])
        }
        #expect(throws: RelyingPartyConfigurationError.challengeLifetime(.zero)) {
            _ = try WebAuthnRelyingParty(id: "a", name: "", origins: ["https://a"], challengeLifetime: .zero)
        }
        #expect(throws: RelyingPartyConfigurationError.origin("x")) {
            _ = try WebAuthnRelyingParty(id: "a", name: "", origins: ["https://a"], topOrigins: ["x"])
        }
    }

    @Test("Local development works without TLS", arguments: ["http://localhost:8080", "https://localhost"])
    func localhost(origin: String) throws {
        _ = try WebAuthnRelyingParty(id: "localhost", name: "", origins: [origin])
    }

    @Test("Pages of related origins are accepted, and named for clients")
    func relatedOrigins() async throws {
        let party = try WebAuthnRelyingParty(
            id: "portal.example", name: "", origins: ["https://portal.example"],
            relatedOrigins: ["https://shop.example", "https://portal.co.jp:8443"])
        var authenticator = try TestAuthenticator()
        authenticator.origin = "https://shop.example"
        let response = try authenticator.register(party.registration())
        _ = try await party.verify(
            registration: response, for: party.registration(), existing: nil, now: testNow)
        authenticator.origin = "https://shop.example:8443"
        await #expect(throws: RegistrationError.self) {
            _ = try await party.verify(
                registration: authenticator.register(party.registration()), for: party.registration(), existing: nil,
                now: testNow)
        }
        let document = try JSONDecoder().decode(
            [String: [String]].self, from: Data(try #require(party.relatedOriginsDocument)))
        #expect(
            document == ["origins": ["https://portal.co.jp:8443", "https://portal.example", "https://shop.example"]])
        #expect(try makeRelyingParty().relatedOriginsDocument == nil)
        for origin in ["http://shop.example", "shop.example", "https://shop.example/"] {
            #expect(throws: RelyingPartyConfigurationError.origin(origin)) {
                _ = try WebAuthnRelyingParty(id: "a", name: "", origins: ["https://a"], relatedOrigins: [origin])
            }
        }
    }
}
