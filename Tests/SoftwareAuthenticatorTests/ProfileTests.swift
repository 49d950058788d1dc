import CBOR
import CTAP
import SoftwareAuthenticator
import TestSupport
import Testing
import WebAuthnModel

/// What the older profiles do otherwise, because conformance suites of their time expect it; docs/conformance.md names them.
@Suite("Profiles", .timeLimit(.minutes(2))) struct ProfileTests {
    private let next = CTAPRequest(.getNextAssertion)

    @Test(
        "§6.1.2 steps 7, 8: only CTAP 2.3 makes credentials without asking for the PIN that is set",
        arguments: Profile.allCases)
    func registrationWithoutPIN(profile: Profile) async throws {
        let bench = try await PINTests.platform(profile: profile).bench
        let isWaived = profile == .ctap23
        #expect(await bench.status(Bench.registration().request) == (isWaived ? .success : .puatRequired))
        #expect(await bench.status(Bench.registration(discoverable: true).request) == .puatRequired)
        #expect(try await bench.client.getInfo().options["makeCredUvNotRqd"] == (isWaived ? true : nil))
        let open = try await PINTests.platform(profile: profile, hasPIN: false).bench
        #expect(await open.status(Bench.registration().request) == .success)
    }

    @Test("§6.5.5.7: with CTAP 2.1 a token may lack its relying party; the first it is used for is then its own")
    func unboundTokens() async throws {
        let wanted: PINUVAuthPermissions = [.makeCredential, .credentialManagement]
        for profile in [Profile.ctap23, .ctap21] {
            for permissions in [wanted, .getAssertion] {
                let status = try await PINTests.platform(profile: profile).tokenStatus("1234", permissions)
                #expect(status == (profile == .ctap21 ? .success : .missingParameter))
            }
        }
        let platform = try await PINTests.platform(profile: .ctap21)
        let (request, secret) = try await platform.tokenRequest("1234", [.makeCredential, .getAssertion])
        let response = try ClientPINResponse(data: await platform.bench.respond(request.request).data)
        let bytes = try secret.decrypt(try #require(response.pinUVAuthTokenEncrypted))
        let token = try #require(PINUVAuthToken(.two, bytes: bytes))
        var silent = Bench.authentication(relyingPartyID: "other.example", userPresence: false)
        silent.pinUVAuthParam = token.authenticate(silent.clientDataHash)
        silent.pinUVAuthProtocol = 2
        #expect(await platform.bench.status(silent.request) == .noCredentials)
        // Now it is bound: another relying party gets nothing.
        #expect(await platform.bench.status(platform.registration(token).request) == .pinAuthInvalid)
    }

    @Test(
        "§6.1.2 step 5: with CTAP 2.0 the option up has no meaning here, whatever its value",
        arguments: Profile.allCases)
    func presenceOption(profile: Profile) async throws {
        let bench = Bench(.securityKey, profile: profile)
        var request = Bench.registration()
        request.options = AuthenticatorOptions(userPresence: false)
        #expect(await bench.status(request.request) == .invalidOption)
        request.options = AuthenticatorOptions(userPresence: true)
        #expect(await bench.status(request.request) == (profile == .compat20 ? .invalidOption : .success))
    }

    @Test("§6.1.2 step 3: an algorithm without type or number", arguments: Profile.allCases, ["type", "alg"])
    func incompleteAlgorithm(profile: Profile, missing: String) async throws {
        var algorithm = CBORMap()
        algorithm["alg"] = -7
        algorithm["type"] = "public-key"
        algorithm[.text(missing)] = nil
        var parameters = CBORMap()
        parameters[1] = .bytes(Bench.clientDataHash)
        parameters[2] = ["id": "manual.example"]
        parameters[3] = ["id": .bytes([1])]
        parameters[4] = [.map(algorithm)]
        let gate = RecordingGate()
        let bench = Bench(.securityKey, gate: gate, profile: profile)
        // Found when the request is read: before step 1 asks for a touch, and before step 2 misses a protocol.
        for param in [nil, [], [1]] as [[UInt8]?] {
            parameters[8] = param.map(CBORValue.bytes)
            let request = CTAPRequest(.makeCredential, parameters: CBOREncoder.encode(.map(parameters)))
            #expect(await bench.status(request) == (profile == .compat20 ? .missingParameter : .invalidCBOR))
        }
        #expect(gate.requests.isEmpty)
    }

    @Test(
        "§6.2.2 steps 11, 12: with CTAP 2.0 all credentials of an allow list are handed out, otherwise one",
        arguments: Profile.allCases)
    func allowList(profile: Profile) async throws {
        let bench = Bench(.securityKey, profile: profile)
        var made: [Registered] = []
        for user in [1, 2, 3] as [UInt8] { made.append(try await bench.register(Bench.registration(user: [user]))) }
        let ids = made.map(\.id)
        // What is not ours, and what comes twice, does not count.
        let request = Bench.authentication(allowList: [[9], ids[1], ids[0], ids[1], ids[2]])
        let assertions = try await bench.client.getAssertions(request)
        let expected = profile == .compat20 ? [ids[1], ids[0], ids[2]] : [ids[1]]
        #expect(assertions.map { $0.credential?.id.bytes } == expected)
        #expect(assertions.first?.numberOfCredentials == (profile == .compat20 ? 3 : nil))
        for (assertion, id) in zip(assertions, expected) {
            let key = try #require(made.first { $0.id == id }).publicKey
            #expect(try isValid(assertion.signature, over: assertion.authenticatorData, by: key))
        }
        #expect(await bench.status(next) == .notAllowed)
    }

    @Test("§6.2.2 step 7: what demands a verified user is not among them without one")
    func protectedAllowList() async throws {
        let bench = Bench(.securityKey, profile: .compat20)
        var ids: [[UInt8]] = []
        for level in [1, 2, 3] as [UInt64] {
            var request = Bench.registration(user: [UInt8(level)], discoverable: true)
            var extensions = CBORMap()
            extensions["credProtect"] = .unsigned(level)
            request.extensions = extensions
            ids.append(try await bench.register(request).id)
        }
        let assertions = try await bench.client.getAssertions(Bench.authentication(allowList: ids))
        #expect(assertions.map { $0.credential?.id.bytes } == Array(ids.prefix(2)))
        #expect(assertions.first?.numberOfCredentials == 2)
    }
}
