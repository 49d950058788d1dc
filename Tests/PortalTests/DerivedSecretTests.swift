import Foundation
import GRDB
import Testing
import WebAuthnModel

@testable import Portal

@Suite("A passkey's derived secret")
struct DerivedSecretTests {
    @Test("The salt is the documented one, and is asked for only when it is wanted")
    func salt() async throws {
        #expect(DerivedSecret(relyingPartyID: "portal.example").salt == Array("Aikagi Portal PRF portal.example".utf8))
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            var authenticator = TestAuthenticator()
            _ = try await browser.reachSetUp(fixture)
            _ = try await browser.register(&authenticator)
            let path = "/webauthn/authentication/options"
            for body in ["{}", #"{"prf":false}"#] {
                #expect(!(try await browser.call(path, body).body.contains("extensions")))
            }
            let options = try JSONDecoder().decode(
                PublicKeyCredentialRequestOptions.self,
                from: Data(try await browser.call(path, #"{"prf":true}"#).body.utf8))
            let salt = Base64URL.encode(Array("Aikagi Portal PRF portal.example".utf8))
            #expect(options.extensions == ["prf": .object(["eval": .object(["first": .string(salt)])])])
            #expect(try await browser.call(path, #"{"prf":1}"#).status == 400)
        }
    }

    @Test("One passkey of one's own can be asked for, and no other")
    func oneCredential() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            let path = "/webauthn/authentication/options"
            var (first, second) = (TestAuthenticator(), TestAuthenticator())
            _ = try await browser.reachSetUp(fixture)
            _ = try await browser.register(&first)
            _ = try await browser.register(&second)
            for authenticator in [first, second] {
                let wish = #"{"credentialId":"\#(Base64URL.encode(authenticator.credentialID))"}"#
                let answer = try await browser.call(path, wish)
                let options = try JSONDecoder().decode(
                    PublicKeyCredentialRequestOptions.self, from: Data(answer.body.utf8))
                #expect(options.allowCredentials?.map(\.id.bytes) == [authenticator.credentialID])
                // A visitor who has not logged in has none, and learns of nobody's.
                do {
                    let other = browser.another()
                    _ = try await other.open("/login")
                    let refused = try await other.call(path, wish)
                    #expect(refused.status == 422 && refused.body.contains("credential-unknown"))
                }
            }
            // The ceremony is for that one: the other does not answer it.
            let wish = #"{"credentialId":"\#(Base64URL.encode(first.credentialID))","prf":true}"#
            var options = try await browser.call(path, wish).body
            let verification = "/webauthn/authentication/verification"
            #expect(try await browser.call(verification, try second.get(options)).status == 422)
            options = try await browser.call(path, wish).body
            #expect(try await browser.call(verification, try first.get(options)).body == #"{"next":"/top"}"#)
            for wrong in [#"{"credentialId":"AAAA"}"#, #"{"credentialId":""}"#] {
                #expect(try await browser.call(path, wrong).status == 422)
            }
            for wrong in [#"{"credentialId":"*"}"#, #"{"credentialId":7}"#, #"{"credentialId":[]}"#] {
                #expect(try await browser.call(path, wrong).status == 400)
            }
        }
    }

    @Test("The page of a passkey offers it, unless the client has said that there is none")
    func page() async throws {
        let fixture = try await PortalFixture()
        try await fixture.browse { browser in
            var authenticator = TestAuthenticator()
            _ = try await browser.reachSetUp(fixture)
            _ = try await browser.register(&authenticator)
            let path = "/settings/passkeys/\(Base64URL.encode(authenticator.credentialID))"
            for (supports, isOffered) in [(nil, true), (true, true), (false, false)] as [(Bool?, Bool)] {
                try await fixture.portal.core.database.write {
                    try $0.execute(sql: "UPDATE passkey SET supportsPRF = ?", arguments: [supports])
                }
                let page = try await browser.open(path)
                #expect(page.says(#"data-ceremony="derivation""#) == isOffered)
                #expect(page.says(Phrase.derivationTitle.text(.japanese)) == isOffered)
            }
        }
    }
}
