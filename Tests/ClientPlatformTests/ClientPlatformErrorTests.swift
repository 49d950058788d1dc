import CTAP
import ClientPlatform
import Testing
import WebAuthnModel

@Suite("What a page would see")
struct ClientPlatformErrorTests {
    static let table: [(CTAPClientError, ClientPlatformError.Name)] = [
        (.status(.credentialExcluded), .invalidState), (.status(.unsupportedAlgorithm), .notSupported),
        (.status(.unsupportedOption), .constraint), (.status(.invalidOption), .constraint),
        (.status(.operationDenied), .notAllowed), (.status(.userActionTimeout), .notAllowed),
        (.status(.noCredentials), .notAllowed), (.status(.notAllowed), .notAllowed),
        (.status(.keyStoreFull), .notAllowed), (.status(.puatRequired), .notAllowed),
        (.status(.keepaliveCancel), .abort), (.cancelled, .abort),
        (.transport("the device was unplugged"), .notAllowed),
        (.malformedResponse("its data fails"), .notAllowed),
    ]

    @Test("Each failure of an authenticator has its name and keeps its cause", arguments: table)
    func names(error: CTAPClientError, name: ClientPlatformError.Name) async throws {
        let authenticator = ScriptedAuthenticator(.init(error: error))
        let expected = ClientPlatformError.authenticator(error)
        await #expect(throws: expected) {
            _ = try await makeClient().create(creationOptions(), using: authenticator, attachment: .platform)
        }
        await #expect(throws: expected) {
            _ = try await makeClient().get(
                PublicKeyCredentialRequestOptions(challenge: [1], rpId: "portal.example"), using: authenticator,
                attachment: .platform)
        }
        #expect(expected.name == name)
        #expect(expected.description.hasPrefix("\(name.rawValue): "))
        if case .status(let status) = error { #expect(expected.description.contains(status.description)) }
    }

    @Test("An authenticator that is lost at getInfo is reported")
    func lost() async throws {
        let error = CTAPClientError.transport("the device was unplugged")
        await #expect(throws: ClientPlatformError.authenticator(error)) {
            _ = try await makeClient().create(
                creationOptions(), using: ScriptedAuthenticator(.init(infoError: error)), attachment: .platform)
        }
    }

    @Test("Every refusal is a sentence under a name")
    func descriptions() {
        let errors: [(ClientPlatformError, ClientPlatformError.Name)] = [
            (.insecureOrigin("x"), .security), (.relyingPartyID("a", host: "b"), .security),
            (.publicSuffix("a"), .security), (.userHandleLength(0), .type), (.noCredentialType, .notSupported),
            (.noAllowedCredential, .notAllowed), (.attachment(wanted: "platform"), .notAllowed),
            (.discoverableNotSupported, .constraint), (.userVerificationUnavailable, .constraint),
            (.noneChosen, .notAllowed), (.unexpectedAnswer("it is empty"), .notAllowed),
        ]
        for (error, name) in errors {
            #expect(error.name == name)
            #expect(error.description.count > name.rawValue.count + 20)
        }
    }
}
