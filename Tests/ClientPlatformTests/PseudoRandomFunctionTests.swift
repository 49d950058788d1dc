import CBOR
import CTAP
import ClientPlatform
import SoftwareAuthenticator
import TestSupport
import Testing
import WebAuthnModel

@Suite("The extension prf, as phones take it")
struct PseudoRandomFunctionTests {
    /// SHA-256("WebAuthn PRF" ‖ 00 ‖ input) of 000000, 0102 and nothing, by Python's hashlib.
    static let salts = [
        "AAAA": "84d22a1e2bae5d8da0cec8fc9691c4edfb26530148a52455a74d54634e9f4434",
        "AQI": "9fc7ff80a00fd6f34c3681d5e19ca8e9ecf39a6ac397917c10e580dd6af2db8d",
        "": "6a7e64b2aa34c92736143a062fa149aff1bd8bb3f7ee6f346885481f9414a3d3",
    ]

    static func values(_ first: String, _ second: String? = nil) -> JSONValue {
        var members = ["first": JSONValue.string(first)]
        members["second"] = second.map { .string($0) }
        return .object(members)
    }

    func request(
        _ prf: JSONValue, allowing list: [PublicKeyCredentialDescriptor]? = nil
    ) -> PublicKeyCredentialRequestOptions {
        PublicKeyCredentialRequestOptions(
            challenge: [UInt8](0..<32), rpId: "portal.example", allowCredentials: list, extensions: ["prf": prf])
    }

    func creation(_ prf: JSONValue) -> PublicKeyCredentialCreationOptions {
        var options = creationOptions(selection: AuthenticatorSelectionCriteria(residentKey: .required))
        options.extensions = ["prf": prf]
        return options
    }

    func phone() -> ScriptedAuthenticator {
        var script = ScriptedAuthenticator.Script()
        script.extensions = ["prf"]
        return ScriptedAuthenticator(script)
    }

    @Test("inputs of any length become salts of 32 bytes")
    func salts() async throws {
        let phone = phone()
        for (input, salt) in Self.salts {
            _ = try await makeClient().get(
                request(.object(["eval": Self.values(input, "AAAA")])), using: phone, attachment: .crossPlatform)
            let sent = try #require(phone.record.assertions.last?.extensions?["prf"])
            let eval = try #require(try PRFInput(ctap: sent).eval)
            #expect(eval.first == [UInt8](hex: salt) && eval.second == [UInt8](hex: Self.salts["AAAA"] ?? ""))
        }
    }

    @Test("values of one credential go with its ID")
    func byCredential() async throws {
        let phone = phone()
        let id = Base64URL.encode(testCredentialID)
        let options = request(
            .object(["evalByCredential": .object([id: Self.values("AQI")])]),
            allowing: [PublicKeyCredentialDescriptor(id: testCredentialID)])
        _ = try await makeClient().get(options, using: phone, attachment: .crossPlatform)
        let input = try PRFInput(ctap: try #require(phone.record.assertions.last?.extensions?["prf"]))
        #expect(input.eval == nil && input.evalByCredential[testCredentialID]?.second == nil)
        #expect(input.evalByCredential[testCredentialID]?.first == [UInt8](hex: Self.salts["AQI"] ?? ""))
    }

    static let byCredential = JSONValue.object(["evalByCredential": .object(["AAAA": values("AAAA")])])
    static let empty = JSONValue.object(["evalByCredential": .object(["": values("AAAA")])])
    static let wrongInputs: [(JSONValue, ClientPlatformError)] = [
        (.boolean(true), .extensionInput("prf")), (.null, .extensionInput("prf")),
        (.object(["eval": .string("AAAA")]), .extensionInput("prf's values")),
        (.object(["eval": .object([:])]), .extensionInput("prf's values")),
        (.object(["eval": .object(["second": .string("AAAA")])]), .extensionInput("prf's values")),
        (.object(["eval": .object(["first": .number(1)])]), .extensionInput("prf's values")),
        (.object(["eval": .object(["first": .string("+")])]), .extensionInput("prf's values")),
        (.object(["eval": values("AAAA", "=")]), .extensionInput("prf's values")),
    ]

    @Test("what is no input is refused before anybody is asked", arguments: wrongInputs)
    func refusesInputs(prf: JSONValue, expected: ClientPlatformError) async throws {
        let phone = phone()
        await #expect(throws: expected) {
            _ = try await makeClient().get(request(prf), using: phone, attachment: .crossPlatform)
        }
        await #expect(throws: expected) {
            _ = try await makeClient().create(creation(prf), using: phone, attachment: .crossPlatform)
        }
        #expect(phone.record.assertions.isEmpty && phone.record.creations.isEmpty)
        #expect(expected.name == .type && "\(expected)".hasPrefix("TypeError: "))
    }

    @Test("values by credential have to be of a credential that is allowed")
    func refusesCredentials() async throws {
        let phone = phone()
        let allowed = [PublicKeyCredentialDescriptor(id: testCredentialID)]
        let cases: [(JSONValue, [PublicKeyCredentialDescriptor]?, ClientPlatformError)] = [
            (Self.byCredential, nil, .prfByCredential), (Self.byCredential, [], .prfByCredential),
            (Self.byCredential, allowed, .prfCredential("AAAA")), (Self.empty, allowed, .prfCredential("")),
            (.object(["evalByCredential": .object(["*": Self.values("AAAA")])]), allowed, .prfCredential("*")),
            (.object(["evalByCredential": .array([])]), allowed, .extensionInput("prf.evalByCredential")),
        ]
        for (prf, list, expected) in cases {
            await #expect(throws: expected) {
                _ = try await makeClient().get(request(prf, allowing: list), using: phone, attachment: .crossPlatform)
            }
        }
        await #expect(throws: ClientPlatformError.prfByCredential) {
            _ = try await makeClient().create(creation(Self.byCredential), using: phone, attachment: .crossPlatform)
        }
        #expect(ClientPlatformError.prfByCredential.name == .notSupported)
        #expect(ClientPlatformError.prfCredential("").name == .syntax)
        #expect(phone.record.assertions.isEmpty && phone.record.creations.isEmpty)
    }

    @Test("an authenticator without the extension is not asked for it, and the page is told")
    func withoutExtension() async throws {
        let key = ScriptedAuthenticator()
        let prf = JSONValue.object(["eval": Self.values("AAAA")])
        let made = try await makeClient().create(creation(prf), using: key, attachment: .crossPlatform)
        let used = try await makeClient().get(request(prf), using: key, attachment: .crossPlatform)
        #expect(key.record.creations.last?.extensions == nil && key.record.assertions.last?.extensions == nil)
        #expect(made.clientExtensionResults == ["prf": .object(["enabled": .boolean(false)])])
        #expect(used.clientExtensionResults == ["prf": .object([:])])
        let plain = try await makeClient().create(creationOptions(), using: key, attachment: .crossPlatform)
        #expect(plain.clientExtensionResults.isEmpty)
    }

    @Test(
        "an output that is none is refused",
        arguments: [
            CBORValue(1), ["results": ["first": .bytes([1])]], ["enabled": 1],
        ])
    func refusesOutput(output: CBORValue) async throws {
        var script = ScriptedAuthenticator.Script()
        script.extensions = ["prf"]
        script.unsigned["prf"] = output
        let phone = ScriptedAuthenticator(script)
        await #expect(throws: ClientPlatformError.self) {
            _ = try await makeClient().get(
                request(.object(["eval": Self.values("AAAA")])), using: phone, attachment: .crossPlatform)
        }
        await #expect(throws: ClientPlatformError.self) {
            _ = try await makeClient().create(creation(.object([:])), using: phone, attachment: .crossPlatform)
        }
    }

    @Test("our phone derives the same from the same, something else from something else")
    func ourPhone() async throws {
        let phone = DirectCTAPClient(
            Authenticator(
                configuration: Authenticator.Configuration(flavour: .phone), store: MemoryCredentialStore(),
                gate: ApprovingGate()))
        let made = try await makeClient().create(
            creation(.object(["eval": Self.values("AAAA")])), using: phone, attachment: .crossPlatform)
        guard case .object(let created)? = made.clientExtensionResults["prf"] else {
            Issue.record("\(made.clientExtensionResults)")
            return
        }
        #expect(created["enabled"] == .boolean(true))
        func derive(_ first: String, _ second: String? = nil) async throws -> [String: JSONValue] {
            let used = try await makeClient().get(
                request(.object(["eval": Self.values(first, second)])), using: phone, attachment: .crossPlatform)
            guard case .object(let prf)? = used.clientExtensionResults["prf"],
                case .object(let results)? = prf["results"]
            else { return [:] }
            return results
        }
        let once = try await derive("AAAA")
        let again = try await derive("AAAA")
        let both = try await derive("AQI", "AAAA")
        #expect(once.count == 1 && once == again && created["results"] == .object(once))
        #expect(both["second"] == once["first"] && both["first"] != once["first"])
        guard case .string(let text)? = once["first"] else { return }
        #expect(Base64URL.decode(text)?.count == 32)
    }
}
