import CBOR
import CTAP
import SoftwareAuthenticator
import Testing
import WebAuthnModel

@Suite("getInfo is true: extensions (§6.4)", .timeLimit(.minutes(3))) struct GetInfoExtensionClaimTests {
    /// Inputs of each extension with a registration, and with an assertion.
    private static let inputs: [(name: String, registration: CBORValue?, assertion: CBORValue?)] = [
        ("credProtect", 2, nil), ("credBlob", .bytes([1]), true), ("hmac-secret", true, nil),
        ("largeBlobKey", true, true),
        ("largeBlob", ["support": "preferred"], nil), ("minPinLength", true, nil), ("pinComplexityPolicy", true, nil),
        ("thirdPartyPayment", true, true), ("uvm", true, true), ("prf", [:], nil),
    ]

    @Test("extensions: each that is listed has an effect, and no other has", arguments: Model.all)
    func extensions(model: Model) async throws {
        let info = try await model.info()
        let listed = Set(info.extensions ?? [])
        #expect(listed.isSubset(of: Self.inputs.map(\.name) + ["hmac-secret-mc"]))
        for (name, input, assertionInput) in Self.inputs {
            let bench = model.bench()
            if info.options["setMinPINLength"] == true {
                // Who may know of PINs has to be on a list.
                let token = info.verifiesUser ? try await bench.token(.authenticatorConfiguration) : nil
                #expect(await bench.configure(3, [(2, [.text(Bench.relyingPartyID)])], token) == .success)
            }
            var request = Bench.registration(
                discoverable: true,
                userVerification: try await bench.client.getInfo().options["uv"] == true ? true : nil)
            if let input { request.extensions = Bench.extensions(name, input) }
            let made = try await bench.register(request)
            var isThere = hasOutput(
                name, made.response, try AuthenticatorData(decoding: made.response.authenticatorData))
            if let assertionInput {
                var login = Bench.authentication()
                login.extensions = Bench.extensions(name, assertionInput)
                let assertion = try await bench.assertion(login)
                let data = try AuthenticatorData(decoding: assertion.authenticatorData)
                isThere =
                    isThere || data.extensions?[.text(name)] != nil
                    || (name == "largeBlobKey" && assertion.largeBlobKey != nil)
            }
            #expect(isThere == listed.contains(name), "\(name)")
        }
    }

    private func hasOutput(_ name: String, _ response: MakeCredentialResponse, _ data: AuthenticatorData) -> Bool {
        data.extensions?[.text(name)] != nil || response.unsignedExtensionOutputs?[.text(name)] != nil
            || (name == "largeBlobKey" && response.largeBlobKey != nil)
    }

    @Test("hmac-secret and hmac-secret-mc: the function is evaluated where it is listed", arguments: Model.all)
    func pseudoRandomFunction(model: Model) async throws {
        let info = try await model.info()
        guard info.extensions?.contains("hmac-secret") == true else {
            #expect(info.pinUVAuthProtocols == nil && info.extensions?.contains("hmac-secret-mc") != true)
            return
        }
        for version in PINUVAuthProtocol.allCases where info.pinUVAuthProtocols?.contains(version.rawValue) == true {
            let bench = model.bench()
            var platform = try await PRFPlatform(bench, version)
            let salts = try #require(PRFValues(first: [UInt8](repeating: 1, count: 32)))
            var request = Bench.registration(discoverable: true, userVerification: info.verifiesUser ? true : nil)
            request.extensions = Bench.extensions("hmac-secret", true)
            request.extensions?["hmac-secret-mc"] = try platform.input(salts).ctap
            let made = try await bench.register(request)
            let atOnce = made.data.extensions?["hmac-secret-mc"]?.bytes
            #expect((atOnce != nil) == (info.extensions?.contains("hmac-secret-mc") == true))
            var login = Bench.authentication(userVerification: info.verifiesUser ? true : nil)
            login.extensions = Bench.extensions("hmac-secret", try platform.input(salts).ctap)
            let results = try platform.results(try await bench.assertion(login))
            if let atOnce { #expect(try platform.sharedSecret.decrypt(atOnce) == results.concatenated) }
        }
    }
}
