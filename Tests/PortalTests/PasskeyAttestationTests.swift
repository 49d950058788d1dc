import Foundation
import RelyingParty
import Testing
import WebAuthnModel

@testable import Portal

@Suite("What was attested, and related origins")
struct PasskeyAttestationTests {
    static let aaguid = AAGUID([UInt8](1...16)) ?? .zero

    static func metadata(_ status: String, since date: String? = nil) -> MetadataBLOB {
        MetadataBLOB(
            number: 1, nextUpdate: "2030-01-01",
            entries: [
                MetadataEntry(
                    aaguid: aaguid, description: "Sample <Key>",
                    statusReports: [MetadataStatusReport(status: status, effectiveDate: date)], rootCertificates: [])
            ])
    }

    @Test("The page of a passkey names its model, as the metadata have it")
    func model() async throws {
        let fixture = try await PortalFixture {
            $0.attestationPolicy = AttestationPolicy(metadata: Self.metadata("FIDO_CERTIFIED_L1"))
        }
        try await fixture.browse { browser in
            _ = try await browser.reachSetUp(fixture)
            var authenticator = TestAuthenticator()
            authenticator.aaguid = Self.aaguid
            _ = try await browser.register(&authenticator)
            let page = try await browser.open("/settings/passkeys/\(Base64URL.encode(authenticator.credentialID))")
            #expect(page.says("Sample &lt;Key&gt; (FIDO_CERTIFIED_L1)"))
            #expect(page.says(Phrase.trustNone.text(.japanese)))
            #expect(page.says(Self.aaguid.description))
        }
    }

    @Test("A model that becomes compromised is shown as such, and no more of it are registered")
    func compromised() async throws {
        // The fixture's first day is 2027-01-15, 08:00.
        let fixture = try await PortalFixture {
            $0.attestationPolicy = AttestationPolicy(metadata: Self.metadata("REVOKED", since: "2027-01-16"))
        }
        try await fixture.browse { browser in
            _ = try await browser.reachSetUp(fixture)
            var authenticator = TestAuthenticator()
            authenticator.aaguid = Self.aaguid
            _ = try await browser.register(&authenticator)
            fixture.advance(by: 86_400)
            _ = try await browser.open("/login")
            _ = try await browser.prove(with: &authenticator)
            let page = try await browser.open("/settings/passkeys/\(Base64URL.encode(authenticator.credentialID))")
            #expect(page.says(Phrase.trustCompromised.text(.japanese)))
            #expect(page.says("Sample &lt;Key&gt; (REVOKED)"))
            var another = TestAuthenticator()
            another.aaguid = Self.aaguid
            let options = try await browser.call("/webauthn/registration/options", "{}")
            let answer = try await browser.call("/webauthn/registration/verification", try another.create(options.body))
            #expect(answer.status == 422)
        }
    }

    @Test("Related origins are named at their well-known place, and nothing is there without any")
    func relatedOrigins() async throws {
        try await PortalFixture().browse { browser in
            let page = try await browser.open("/.well-known/webauthn")
            #expect(page.status == 404)
        }
        let fixture = try await PortalFixture { $0.relatedOrigins = ["https://shop.example"] }
        try await fixture.browse { browser in
            let page = try await browser.open("/.well-known/webauthn")
            #expect(page.status == 200)
            #expect(page.body == "{\"origins\":[\"https://portal.example\",\"https://shop.example\"]}")
        }
        await #expect(throws: RelyingPartyConfigurationError.origin("http://shop.example")) {
            _ = try await PortalFixture { $0.relatedOrigins = ["http://shop.example"] }
        }
    }
}
