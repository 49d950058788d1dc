import CTAP
import ClientPlatform
import Crypto
import FoundationEssentials
import Testing
import WebAuthnModel

@Suite("get(), WebAuthn Level 3 §5.1.4")
struct GetTests {
    func options(allow: [[UInt8]] = [], userVerification: Requirement? = nil) -> PublicKeyCredentialRequestOptions {
        PublicKeyCredentialRequestOptions(
            challenge: [1, 2, 3], rpId: "portal.example",
            allowCredentials: allow.map { PublicKeyCredentialDescriptor(id: $0) }, userVerification: userVerification)
    }

    @Test("The response holds what the authenticator signed and the client knows")
    func response() async throws {
        let authenticator = ScriptedAuthenticator()
        let response = try await makeClient().get(
            options(allow: [testCredentialID]), using: authenticator, attachment: .platform)
        let clientData = response.response.clientDataJSON.bytes
        #expect(
            String(decoding: clientData, as: UTF8.self)
                == #"{"type":"webauthn.get","challenge":"AQID","origin":"https://login.portal.example","#
                + #""crossOrigin":false}"#)
        #expect(response.rawId.bytes == testCredentialID)
        #expect(response.response.signature.bytes == [0x51])
        #expect(response.response.userHandle?.bytes == [1])
        #expect(response.authenticatorAttachment == "platform")
        let request = try #require(authenticator.record.assertions.first)
        #expect(request.clientDataHash == Array(SHA256.hash(data: clientData)))
        #expect(request.allowList == [.init(id: testCredentialID)])
        #expect(request.options == AuthenticatorOptions(userVerification: true))
    }

    /// Wishes, abilities, and the `uv` that goes out or the refusal.
    static let verificationTable: [(Requirement?, [String: Bool], Result<Bool?, ClientPlatformError>)] = [
        (.required, ["uv": true], .success(true)), (.required, [:], .failure(.userVerificationUnavailable)),
        (.preferred, ["uv": true], .success(true)), (.preferred, ["uv": false], .success(nil)),
        (nil, ["uv": true], .success(true)), (.discouraged, ["uv": true], .success(nil)),
        (.discouraged, ["uv": true, "alwaysUv": true], .success(true)),
    ]

    @Test("userVerification becomes uv", arguments: verificationTable)
    func verification(
        requirement: Requirement?, abilities: [String: Bool], expected: Result<Bool?, ClientPlatformError>
    ) async throws {
        let authenticator = ScriptedAuthenticator(.init(options: abilities))
        let result = await CreateTests.result {
            _ = try await makeClient().get(
                options(userVerification: requirement), using: authenticator, attachment: .platform)
            return try #require(authenticator.record.assertions.first).options.userVerification
        }
        #expect(result == expected)
    }

    func several(selected: Bool? = nil) -> ScriptedAuthenticator {
        let model = ScriptedAuthenticator()
        return ScriptedAuthenticator(
            .init(assertions: [
                model.assertion(id: [1], user: [11], selected: selected), model.assertion(id: [2], user: [22]),
            ]))
    }

    @Test("Of several assertions the first is taken, or the one chosen")
    func choice() async throws {
        let first = try await makeClient().get(options(), using: several(), attachment: .platform)
        #expect(first.rawId.bytes == [1])
        let chosen = try await makeClient().get(options(), using: several(), attachment: .platform) { $0.last }
        #expect(chosen.rawId.bytes == [2])
        #expect(chosen.response.userHandle?.bytes == [22])
        await #expect(throws: ClientPlatformError.noneChosen) {
            _ = try await makeClient().get(options(), using: several(), attachment: .platform) { _ in nil }
        }
    }

    @Test("Nothing is asked when the user has picked on the authenticator, or there is one")
    func noChoice() async throws {
        let picked = try await makeClient().get(
            options(), using: several(selected: true), attachment: .platform
        ) { _ in nil }
        #expect(picked.rawId.bytes == [1])
        let only = try await makeClient().get(
            options(), using: ScriptedAuthenticator(), attachment: .platform
        ) { _ in nil }
        #expect(only.rawId.bytes == testCredentialID)
    }

    @Test("A credential that the authenticator leaves out is the only one allowed")
    func omittedCredential() async throws {
        let model = ScriptedAuthenticator()
        let authenticator = ScriptedAuthenticator(.init(assertions: [model.assertion(id: nil, user: nil)]))
        let response = try await makeClient().get(
            options(allow: [[7]]), using: authenticator, attachment: .platform)
        #expect(response.rawId.bytes == [7])
        #expect(response.response.userHandle == nil)
        for allow in [[], [[7], [8]]] as [[[UInt8]]] {
            await #expect(throws: ClientPlatformError.unexpectedAnswer("it does not say which credential signed")) {
                _ = try await makeClient().get(options(allow: allow), using: authenticator, attachment: .platform)
            }
        }
    }

    @Test("An answer that does not belong to the request is refused")
    func unexpected() async throws {
        await #expect(
            throws: ClientPlatformError.unexpectedAnswer("it is signed by a credential that was not allowed")
        ) {
            _ = try await makeClient().get(
                options(allow: [[9]]), using: ScriptedAuthenticator(), attachment: .platform)
        }
        await #expect(throws: ClientPlatformError.unexpectedAnswer("it is about another RP ID")) {
            _ = try await makeClient().get(
                options(), using: ScriptedAuthenticator(.init(relyingPartyID: "x.example")), attachment: .platform)
        }
        await #expect(throws: ClientPlatformError.noneChosen) {
            _ = try await makeClient().get(
                options(), using: ScriptedAuthenticator(.init(assertions: [])), attachment: .platform)
        }
        var unknown = options(allow: [[1]])
        unknown.allowCredentials?[0].type = "x"
        await #expect(throws: ClientPlatformError.noAllowedCredential) {
            _ = try await makeClient().get(unknown, using: ScriptedAuthenticator(), attachment: .platform)
        }
    }
}
