import CBOR
import CTAP
import SoftwareAuthenticator
import TestSupport
import Testing
import WebAuthnModel

@Suite("How the user is verified (§6.1.2, §6.2.2)", .timeLimit(.minutes(2))) struct VerificationStepTests {
    /// An authenticator at which alwaysUv is on.
    private func strict(
        _ flavour: Flavour, hasPIN: Bool = false, gate: any BiometricGate = ApprovingGate()
    ) async throws -> Bench {
        let platform = PINPlatform(bench: Bench(flavour, gate: gate))
        if hasPIN { try await platform.setUsualPIN() }
        let needsToken = hasPIN || flavour == .platform
        let token =
            needsToken
            ? try await platform.token(.authenticatorConfiguration, hasPIN ? nil : .getTokenUsingUV) : nil
        #expect(await platform.bench.configure(2, [], token) == .success)
        return platform.bench
    }

    @Test("steps 6 and 5: with alwaysUv the reader verifies whoever did not ask for it")
    func forced() async throws {
        let bench = try await strict(.platform)
        let made = try await bench.register(Bench.registration(discoverable: true))
        #expect(made.data.flags.isSuperset(of: [.userVerified, .userPresent]))
        let assertion = try await bench.assertion(Bench.authentication())
        let data = try AuthenticatorData(decoding: assertion.authenticatorData)
        #expect(data.flags.isSuperset(of: [.userVerified, .userPresent]))
        // Without presence there is nothing to verify.
        let silent = try await bench.assertion(Bench.authentication(userPresence: false))
        #expect(
            try AuthenticatorData(decoding: silent.authenticatorData).flags.isDisjoint(with: [
                .userVerified, .userPresent,
            ]))
    }

    @Test(
        "steps 6 and 5: with alwaysUv and no reader a token is needed, whether there is a PIN or not",
        arguments: [true, false])
    func tokenNeeded(hasPIN: Bool) async throws {
        let bench = try await strict(.securityKey, hasPIN: hasPIN)
        for request in [Bench.registration().request, Bench.authentication().request] {
            #expect(await bench.status(request) == .puatRequired)
        }
        guard hasPIN else { return }
        let platform = PINPlatform(bench: bench)
        #expect(
            await bench.status(platform.registration(try await platform.token(.makeCredential)).request) == .success)
        #expect(
            await bench.status(platform.authentication(try await platform.token(.getAssertion)).request) == .success)
    }

    @Test("step 11: a reader that fails sends to the PIN, or says that it is blocked, or declines")
    func ladder() async throws {
        let gate = RecordingGate(.verificationFailed)
        let withPIN = try await PINTests.platform(.platform, gate: gate).bench
        let request = Bench.registration(userVerification: true).request
        #expect(await withPIN.status(request) == .puatRequired)
        let bench = Bench(gate: gate)
        #expect(await bench.status(request) == .operationDenied)
        #expect(await bench.status(request) == .pinBlocked)
        // Blocked means that nobody is asked.
        let count = gate.requests.count
        #expect(await bench.status(request) == .pinBlocked)
        #expect(gate.requests.count == count)
        for (decision, status) in [
            (UserDecision.denied, CTAPStatus.operationDenied), (.timedOut, .userActionTimeout),
            (.finger("right index finger"), .success), (.finger("nose"), .operationDenied),
        ] {
            #expect(await Bench(gate: RecordingGate(decision)).status(request) == status, "\(decision)")
        }
    }

    @Test("steps 12 and 7: credentials protected at levels 2 and 3 are hidden from whoever is not verified")
    func protection() async throws {
        let bench = Bench(.platform)
        var ids: [[UInt8]] = []
        for level in 1...3 {
            var request = Bench.registration(user: [UInt8(level)], discoverable: true, userVerification: true)
            request.extensions = CBORMap()
            request.extensions?["credProtect"] = CBORValue(level)
            ids.append(try await bench.register(request).id)
        }
        for (index, id) in ids.enumerated() {
            let isHidden = index == 2
            let exclusion = Bench.registration(excludeList: [PublicKeyCredentialDescriptor(id: id)])
            #expect(await bench.status(exclusion.request) == (isHidden ? .success : .credentialExcluded))
            var verified = exclusion
            verified.options.userVerification = true
            #expect(await bench.status(verified.request) == .credentialExcluded)
            let login = await bench.status(Bench.authentication(allowList: [id]).request)
            #expect(login == (isHidden ? .noCredentials : .success))
        }
        let present = try await bench.client.getAssertions(Bench.authentication())
        #expect(present.map(\.credential?.id.bytes) == [ids[0]])
        let verified = try await bench.client.getAssertions(Bench.authentication(userVerification: true))
        #expect(verified.map(\.credential?.id.bytes) == ids.reversed())
    }

    @Test(
        "step 10: what is not discoverable is made without verification, and says so; a proof verifies it all the same")
    func waived() async throws {
        let platform = try await PINTests.platform()
        let made = try await platform.bench.register(Bench.registration())
        #expect(!made.data.flags.contains(.userVerified))
        let request = platform.registration(try await platform.token(.makeCredential), discoverable: false)
        #expect(try await platform.bench.register(request).data.flags.contains(.userVerified))
    }

    @Test(
        "steps 5 and 4: beside a proof the option uv is as if it were false",
        arguments: [Flavour.securityKey, .platform], [nil, false, true] as [Bool?])
    func proofAndOption(flavour: Flavour, option: Bool?) async throws {
        let gate = RecordingGate()
        let platform = try await PINTests.platform(flavour, gate: gate)
        var request = platform.registration(try await platform.token(.makeCredential))
        request.options.userVerification = option
        #expect(try await platform.bench.register(request).data.flags.contains(.userVerified))
        var login = platform.authentication(try await platform.token(.getAssertion))
        login.options.userVerification = option
        let assertion = try await platform.bench.assertion(login)
        #expect(try AuthenticatorData(decoding: assertion.authenticatorData).flags == [.userPresent, .userVerified])
        // A touch for each, and no finger.
        #expect(gate.requests.map(\.needsVerification) == [false, false])
        // A parameter of no bytes is none, but comes first.
        (request.pinUVAuthParam, login.pinUVAuthParam) = ([], [])
        #expect(await platform.bench.status(request.request) == .pinInvalid)
        #expect(await platform.bench.status(login.request) == .pinInvalid)
    }

    @Test("steps 13 and 8: a token is good for one touch, then for large blobs alone")
    func consumed() async throws {
        let platform = try await PINTests.platform()
        let token = try await platform.token([.makeCredential, .getAssertion, .largeBlobWrite])
        #expect(await platform.bench.status(platform.registration(token).request) == .success)
        #expect(await platform.bench.status(platform.registration(token).request) == .pinAuthInvalid)
        #expect(await platform.bench.status(platform.authentication(token).request) == .pinAuthInvalid)
        var write = LargeBlobsRequest(set: [1], offset: 0, length: 17)
        write.pinUVAuthProtocol = 2
        write.pinUVAuthParam = token.authenticate(write.authenticatedMessage)
        #expect(await platform.bench.status(write.request) == .success)
        // An assertion without presence consumes nothing.
        let second = try await platform.token(.getAssertion)
        for _ in 1...2 {
            let silent = platform.authentication(second, userPresence: false)
            #expect(await platform.bench.status(silent.request) == .success)
        }
        #expect(await platform.bench.status(platform.authentication(second).request) == .success)
    }
}
