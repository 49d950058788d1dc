import CBOR
import CTAP
import SoftwareAuthenticator
import TestSupport
import Testing
import WebAuthnModel

@Suite("Extension hmac-secret (§12)", .timeLimit(.minutes(2)))
struct HMACSecretTests {
    private static let flavours = [Flavour.platform, .securityKey]

    @Test(
        "makeCredential says that there is one, when asked",
        arguments: [
            (true, CTAPStatus.success, true), (false, .success, nil), (1, .cborUnexpectedType, nil),
            (.bytes([1]), .cborUnexpectedType, nil), ([:], .cborUnexpectedType, nil), (.null, .cborUnexpectedType, nil),
        ] as [(CBORValue, CTAPStatus, Bool?)], flavours)
    func registration(_ row: (input: CBORValue, status: CTAPStatus, output: Bool?), flavour: Flavour) async throws {
        let gate = RecordingGate()
        let bench = Bench(flavour, gate: gate)
        var request = Bench.registration()
        request.extensions = Bench.extensions("hmac-secret", row.input)
        let response = await bench.respond(request.request)
        #expect(response.status == row.status)
        guard row.status == .success else {
            #expect(gate.requests.isEmpty, "nobody is asked in vain")
            return
        }
        let made = try MakeCredentialResponse(data: response.data)
        let data = try AuthenticatorData(decoding: made.authenticatorData)
        #expect(data.flags.contains(.extensionData) == (row.output != nil))
        #expect(data.extensions?["hmac-secret"]?.boolean == row.output)
        #expect(data.extensions?.count ?? 0 == (row.output == nil ? 0 : 1))
        #expect(made.unsignedExtensionOutputs == nil)
        // The statement covers the output.
        if let key = data.attestedCredentialData?.publicKey {
            let signature = try #require(made.statement?["sig"]?.bytes)
            #expect(try isValid(signature, over: made.authenticatorData, by: key))
        }
    }

    @Test(
        "the results are those of independent software, with and without verification",
        arguments: PINUVAuthProtocol.allCases, [true, false])
    func vectors(pinUVAuthProtocol: PINUVAuthProtocol, verified: Bool) async throws {
        let bench = Bench()
        try await bench.storeVectorCredential()
        let expected = verified ? PRFVectors.verified : PRFVectors.present
        let both = try await bench.hmacSecret(
            Bench.salts(0xA5, 0x5A), pinUVAuthProtocol, userVerification: verified ? true : nil)
        #expect(both.first.hex == expected[0])
        #expect(both.second?.hex == expected[1])
        let one = try await bench.hmacSecret(
            Bench.salts(0x5A), pinUVAuthProtocol, userVerification: verified ? true : nil)
        #expect(one.first.hex == expected[1])
        #expect(one.second == nil)
    }

    @Test(
        "same salts, same results: whatever the protocol, the power, the list",
        arguments: flavours, CredentialPrivateKey.supportedAlgorithms)
    func stability(flavour: Flavour, algorithm: COSEAlgorithm) async throws {
        let bench = Bench(flavour)
        let salts = try Bench.salts(1, 2)
        for discoverable in [true, false] {
            let made = try await bench.register(
                Bench.registration(
                    algorithms: [algorithm], discoverable: discoverable,
                    userVerification: flavour == .platform ? true : nil))
            var results: Set<PRFValues> = []
            results.insert(try await bench.hmacSecret(salts, .one, allowList: [made.id]))
            results.insert(try await bench.hmacSecret(salts, .two, allowList: [made.id]))
            await bench.authenticator.powerCycle()
            results.insert(try await bench.hmacSecret(salts, allowList: [[7], made.id]))
            if discoverable { results.insert(try await bench.hmacSecret(salts)) }
            // Swapped salts, swapped results.
            let swapped = try await bench.hmacSecret(Bench.salts(2, 1), allowList: [made.id])
            let second = try #require(swapped.second)
            results.insert(try #require(PRFValues(first: second, second: swapped.first)))
            #expect(results.count == 1)
        }
    }

    @Test("credentials, salts and verification make a difference")
    func differences() async throws {
        let bench = Bench()
        let made = try await bench.register(accounts: [[1], [2]])
        var results: Set<[UInt8]> = []
        for registered in made {
            for verification in [true, nil] {
                let values = try await bench.hmacSecret(
                    Bench.salts(1, 2), allowList: [registered.id], userVerification: verification)
                results.formUnion([values.first, try #require(values.second)])
            }
        }
        #expect(results.count == 8)
    }

    @Test(
        "the output is signed, encrypted, and as long as the protocol makes it", arguments: PINUVAuthProtocol.allCases)
    func output(pinUVAuthProtocol: PINUVAuthProtocol) async throws {
        let bench = Bench()
        let made = try await bench.register(Bench.registration())
        var platform = try await PRFPlatform(bench, pinUVAuthProtocol)
        for (salts, count) in [(try Bench.salts(1), 32), (try Bench.salts(1, 2), 64)] {
            let assertion = try await bench.assertion(
                "hmac-secret", try platform.input(salts).ctap, allowList: [made.id])
            let data = try AuthenticatorData(decoding: assertion.authenticatorData)
            #expect(data.flags == [.userPresent, .extensionData])
            #expect(data.extensions?.count == 1)
            let output = try #require(data.extensions?["hmac-secret"]?.bytes)
            #expect(output.count == count + (pinUVAuthProtocol == .two ? 16 : 0))
            #expect(try isValid(assertion.signature, over: assertion.authenticatorData, by: made.publicKey))
            #expect(assertion.unsignedExtensionOutputs == nil)
            #expect(assertion.credential?.id.bytes == made.id)
        }
    }

    @Test("authenticatorGetNextAssertion evaluates each credential's own")
    func nextAssertions() async throws {
        let bench = Bench()
        let made = try await bench.register(accounts: [[1], [2], [3]])
        let salts = try Bench.salts(1, 2)
        var platform = try await PRFPlatform(bench, .two)
        var request = Bench.authentication(userVerification: true)
        request.extensions = Bench.extensions("hmac-secret", try platform.input(salts).ctap)
        let assertions = try await bench.client.getAssertions(request)
        #expect(assertions.map { $0.credential?.id.bytes } == made.reversed().map(\.id))
        var results: [PRFValues] = []
        for assertion in assertions {
            let value = try platform.results(assertion)
            let alone = try await bench.hmacSecret(
                salts, allowList: [try #require(assertion.credential?.id.bytes)], userVerification: true)
            #expect(value == alone)
            results.append(value)
        }
        #expect(Set(results).count == 3)
    }

    /// What is done to a good input, and the status that gives.
    enum Spoiling: CaseIterable {
        case offCurve, code, codeLength, salts, protocolUnknown, protocolOther, noKey, noSalts, noCode, noMap,
            saltLength
        case offCurveAndCode

        var status: CTAPStatus {
            switch self {
            case .offCurve, .protocolUnknown, .saltLength, .offCurveAndCode: .invalidParameter
            case .code, .codeLength, .salts, .protocolOther: .pinAuthInvalid
            case .noKey, .noSalts, .noCode: .missingParameter
            case .noMap: .cborUnexpectedType
            }
        }
    }

    private static func spoilt(
        _ spoiling: Spoiling, _ platform: inout PRFPlatform, _ salts: PRFValues
    ) throws -> CBORValue {
        var input = try platform.input(salts)
        var map = try #require(input.ctap.map)
        switch spoiling {
        case .offCurve, .offCurveAndCode:
            var key = try #require(map[1]?.map)
            key[-3] = .bytes([UInt8](repeating: 1, count: 32))
            map[1] = .map(key)
            if spoiling == .offCurveAndCode { map[3] = .bytes([]) }
        case .code:
            input.saltAuthenticationCode[0] ^= 1
            map[3] = .bytes(input.saltAuthenticationCode)
        case .codeLength:
            map[3] = .bytes(input.saltAuthenticationCode.dropLast())
        case .salts:
            input.saltEncrypted[0] ^= 1
            map[2] = .bytes(input.saltEncrypted)
        case .protocolUnknown: map[4] = 3
        case .protocolOther: map[4] = input.pinUVAuthProtocol == .one ? 2 : 1
        case .noKey: map[1] = nil
        case .noSalts: map[2] = nil
        case .noCode: map[3] = nil
        case .noMap: return true
        case .saltLength:
            let short = Array(input.saltEncrypted.dropLast(16))
            map[2] = .bytes(short)
            map[3] = .bytes(platform.sharedSecret.authenticate(short))
        }
        return .map(map)
    }

    @Test(
        "inputs that are spoilt are refused, and nobody is asked", arguments: Spoiling.allCases,
        PINUVAuthProtocol.allCases)
    func refusals(spoiling: Spoiling, pinUVAuthProtocol: PINUVAuthProtocol) async throws {
        let gate = RecordingGate()
        let bench = Bench(gate: gate)
        let made = try await bench.register(Bench.registration())
        let touches = gate.requests.count
        var platform = try await PRFPlatform(bench, pinUVAuthProtocol)
        var request = Bench.authentication(allowList: [made.id], userVerification: true)
        request.extensions = Bench.extensions(
            "hmac-secret", try Self.spoilt(spoiling, &platform, Bench.salts(1, 2)))
        #expect(await bench.respond(request.request) == CTAPResponse(spoiling.status))
        #expect(gate.requests.count == touches)
    }

    @Test("a secret that was agreed on before the power went is none any more")
    func staleSecret() async throws {
        let bench = Bench()
        let made = try await bench.register(Bench.registration())
        var platform = try await PRFPlatform(bench, .two)
        await bench.authenticator.powerCycle()
        var request = Bench.authentication(allowList: [made.id])
        request.extensions = Bench.extensions("hmac-secret", try platform.input(Bench.salts(1)).ctap)
        #expect(await bench.status(request.request) == .pinAuthInvalid)
    }

    @Test("without a test of presence it is CTAP2_ERR_UNSUPPORTED_OPTION", arguments: [nil, true] as [Bool?])
    func silent(userVerification: Bool?) async throws {
        let bench = Bench()
        let made = try await bench.register(Bench.registration())
        var platform = try await PRFPlatform(bench, .two)
        var request = Bench.authentication(
            allowList: [made.id], userVerification: userVerification, userPresence: false)
        request.extensions = Bench.extensions("hmac-secret", try platform.input(Bench.salts(1)).ctap)
        #expect(await bench.status(request.request) == .unsupportedOption)
    }

    @Test("prf in the clear is not for devices without an encrypted transport")
    func noPRF() async throws {
        let bench = Bench(.securityKey)
        var registration = Bench.registration()
        registration.extensions = Bench.extensions("prf", ["eval": "nonsense"])
        let made = try await bench.register(registration)
        #expect(made.response.unsignedExtensionOutputs == nil)
        #expect(try await bench.prf(PRFInput(eval: Bench.salts(1)), allowList: [made.id]) == nil)
    }
}
