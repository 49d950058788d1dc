import CBOR
import CTAP
import SoftwareAuthenticator
import TestSupport
import Testing
import WebAuthnModel

@Suite("Extension prf, as phones speak it", .timeLimit(.minutes(2)))
struct PRFTests {
    /// A registration with an input; what its output says.
    private func registered(_ bench: Bench, _ input: PRFInput?) async throws -> (Registered, PRFOutput?) {
        var request = Bench.registration(discoverable: true, userVerification: true)
        request.extensions = input.map { Bench.extensions("prf", $0.ctap) }
        let made = try await bench.register(request)
        #expect(made.data.extensions == nil, "it is not signed")
        let outputs = made.response.unsignedExtensionOutputs
        #expect(outputs?.count ?? 0 == (input == nil ? 0 : 1))
        return (made, try outputs?["prf"].map(PRFOutput.init(ctap:)))
    }

    @Test("at registration it says that there is one, and evaluates it when asked")
    func registration() async throws {
        let bench = Bench(.phone)
        #expect(try await registered(bench, nil).1 == nil)
        #expect(try await registered(bench, PRFInput()).1 == PRFOutput(isEnabled: true))
        for salts in [try Bench.salts(1), try Bench.salts(1, 2)] {
            let (made, output) = try await registered(bench, PRFInput(eval: salts))
            #expect(output?.isEnabled == true)
            let results = try #require(output?.results)
            #expect((results.second == nil) == (salts.second == nil))
            // A login gives the same.
            #expect(try await bench.prf(PRFInput(eval: salts), allowList: [made.id]) == results)
            #expect(try await bench.prf(PRFInput(eval: salts)) == results)
        }
    }

    @Test("the registration's output in fixed bytes")
    func fixedBytes() async throws {
        var request = Bench.registration()
        request.extensions = Bench.extensions("prf", [:])
        let response = await Bench(.phone).respond(request.request)
        #expect(response.status == .success)
        #expect(response.data.hex.hasSuffix("06a163707266a167656e61626c6564f5"))
    }

    @Test("the results are those of independent software, and the same as another flavour's with verification")
    func vectors() async throws {
        let bench = Bench(.phone)
        try await bench.storeVectorCredential()
        let results = try #require(try await bench.prf(PRFInput(eval: Bench.salts(0xA5, 0x5A))))
        #expect([results.first.hex, results.second?.hex] == PRFVectors.verified)
        let key = Bench(.platform)
        try await key.storeVectorCredential()
        #expect(try await key.hmacSecret(Bench.salts(0xA5, 0x5A), userVerification: true) == results)
    }

    @Test("an assertion's output is beside the signed data, which stays as it is")
    func output() async throws {
        let bench = Bench(.phone)
        let (made, _) = try await registered(bench, PRFInput())
        let assertion = try await bench.assertion(
            "prf", PRFInput(eval: try Bench.salts(1)).ctap, allowList: [made.id])
        #expect(assertion.authenticatorData.count == 37)
        #expect(try isValid(assertion.signature, over: assertion.authenticatorData, by: made.publicKey))
        #expect(assertion.unsignedExtensionOutputs?["prf"]?.map?.entries.map(\.key) == ["results"])
        #expect(assertion.unsignedExtensionOutputs?["prf"]?.map?["results"]?.map?.entries.map(\.key) == ["first"])
    }

    @Test("a credential's own salts come before those for all")
    func evalByCredential() async throws {
        let bench = Bench(.phone)
        let made = try await bench.register(accounts: [[1], [2]])
        let (own, all) = (try Bench.salts(3, 4), try Bench.salts(5))
        let input = PRFInput(eval: all, evalByCredential: [made[0].id: own, [9]: try Bench.salts(6)])
        let first = try await bench.prf(input, allowList: [made[0].id])
        #expect(first == (try await bench.prf(PRFInput(eval: own), allowList: [made[0].id])))
        let second = try await bench.prf(input, allowList: [made[1].id])
        #expect(second == (try await bench.prf(PRFInput(eval: all), allowList: [made[1].id])))
        #expect(second?.second == nil)
        // Without a list the account that is picked counts: the newest.
        #expect(try await bench.prf(input) == second)
        // Salts for other credentials only.
        let others = PRFInput(evalByCredential: [made[0].id: own])
        #expect(try await bench.prf(others, allowList: [made[1].id]) == nil)
        #expect(try await bench.prf(PRFInput(), allowList: [made[1].id]) == nil)
    }

    @Test("same salts, same results; other credentials and salts, others")
    func stability() async throws {
        let bench = Bench(.phone)
        let made = try await bench.register(accounts: [[1], [2]])
        var results: [[UInt8]] = []
        for registered in made {
            let input = PRFInput(eval: try Bench.salts(1, 2))
            let values = try #require(try await bench.prf(input, allowList: [registered.id]))
            await bench.authenticator.powerCycle()
            #expect(try await bench.prf(input, allowList: [registered.id]) == values)
            results += [values.first, try #require(values.second)]
        }
        #expect(Set(results).count == 4)
        let wrapped = try await bench.register(Bench.registration())
        let input = PRFInput(eval: try Bench.salts(1))
        let values = try #require(try await bench.prf(input, allowList: [wrapped.id]))
        #expect(try await bench.prf(input, allowList: [wrapped.id]) == values)
    }

    @Test("a phone verifies the user for it, asked to or not")
    func verification() async throws {
        let gate = RecordingGate()
        let bench = Bench(.phone, gate: gate)
        let made = try await bench.register(accounts: [[1]])
        let input = PRFInput(eval: try Bench.salts(1)).ctap
        var results: Set<CBORMap?> = []
        for userVerification in [nil, false, true] as [Bool?] {
            results.insert(
                try await bench.assertion(
                    "prf", input, allowList: [made[0].id], userVerification: userVerification
                ).unsignedExtensionOutputs)
            #expect(gate.requests.last?.needsVerification == true)
        }
        #expect(results.count == 1)
    }

    private static let salt = CBORValue.bytes([UInt8](repeating: 1, count: 32))

    @Test(
        "malformed inputs are refused, and nobody is asked",
        arguments: [
            (1, CTAPStatus.cborUnexpectedType), (true, .cborUnexpectedType), ([], .cborUnexpectedType),
            (["eval": 1], .cborUnexpectedType), (["eval": [:]], .missingParameter),
            (["eval": ["first": .bytes([1])]], .invalidParameter),
            (["eval": ["first": salt, "second": .bytes([])]], .invalidParameter),
            (["eval": ["first": salt, "second": true]], .cborUnexpectedType),
        ] as [(CBORValue, CTAPStatus)])
    func malformed(input: CBORValue, expected: CTAPStatus) async throws {
        let gate = RecordingGate()
        let bench = Bench(.phone, gate: gate)
        var registration = Bench.registration()
        registration.extensions = Bench.extensions("prf", input)
        #expect(await bench.respond(registration.request) == CTAPResponse(expected))
        #expect(gate.requests.isEmpty)
        let made = try await bench.register(accounts: [[1]])
        var authentication = Bench.authentication(allowList: [made[0].id])
        authentication.extensions = Bench.extensions("prf", input)
        #expect(await bench.respond(authentication.request) == CTAPResponse(expected))
        #expect(gate.requests.count == 1)
    }

    @Test("salts by credential are for logins only")
    func evalByCredentialAtRegistration() async throws {
        var request = Bench.registration()
        let input = PRFInput(evalByCredential: [[1]: try Bench.salts(1)])
        request.extensions = Bench.extensions("prf", input.ctap)
        #expect(await Bench(.phone).status(request.request) == .invalidCBOR)
    }

    @Test("nothing is evaluated silently")
    func silent() async throws {
        let bench = Bench(.phone)
        let made = try await bench.register(accounts: [[1]])
        var request = Bench.authentication(allowList: [made[0].id], userPresence: false)
        request.extensions = Bench.extensions("prf", PRFInput(eval: try Bench.salts(1)).ctap)
        #expect(await bench.status(request.request) == .unsupportedOption)
    }

    @Test("hmac-secret is not a phone's, and is ignored like anything unknown")
    func noHMACSecret() async throws {
        var request = Bench.registration()
        request.extensions = Bench.extensions("hmac-secret", true)
        let made = try await Bench(.phone).register(request)
        #expect(made.data.extensions == nil)
        #expect(made.response.unsignedExtensionOutputs == nil)
    }
}
