import CTAP
import SoftwareAuthenticator
import TestSupport
import Testing
import WebAuthnModel

@Suite("Verification by built-in means (§6.5.3.1, §6.5.5.7.3)", .timeLimit(.minutes(2)))
struct BuiltInVerificationTests {
    @Test("§6.5.5.7.3: a finger yields a token, and its touch counts for what follows")
    func byFinger() async throws {
        let gate = RecordingGate()
        let platform = try await PINTests.platform(.platform, gate: gate, hasPIN: false)
        let token = try await platform.token(.makeCredential, .getTokenUsingUV)
        #expect(gate.requests.map(\.needsVerification) == [true])
        let made = try await platform.bench.register(platform.registration(token))
        #expect(made.data.flags.isSuperset(of: [.userVerified, .userPresent]))
        #expect(gate.requests.count == 1)
        // Thirty seconds later it does not count any more.
        let later = try await platform.token(.getAssertion, .getTokenUsingUV)
        _ = await platform.bench.status(platform.authentication(later, userPresence: false).request)
        platform.bench.clock.advance(by: .seconds(31))
        let before = gate.requests.count
        #expect(await platform.bench.status(platform.authentication(later).request) == .success)
        #expect(gate.requests.count == before + 1)
    }

    @Test(
        "§6.5.5.7.3: a person is told what a token is for, also where CTAP 2.1 lets it lack its relying party",
        arguments: [
            ([.makeCredential], nil, .unnamedRelyingParty(makesCredential: true)),
            ([.makeCredential, .getAssertion], nil, .unnamedRelyingParty(makesCredential: true)),
            ([.getAssertion, .credentialManagement], nil, .unnamedRelyingParty(makesCredential: false)),
            ([.credentialManagement], nil, .management), ([.credentialManagement], "a.example", .management),
            ([.getAssertion, .credentialManagement], "a.example", .getAssertion(relyingPartyID: "a.example")),
        ] as [(PINUVAuthPermissions, String?, UserRequest.Reason)])
    func reasons(permissions: PINUVAuthPermissions, relyingPartyID: String?, reason: UserRequest.Reason) async throws {
        let gate = RecordingGate()
        let bench = Bench(.platform, gate: gate, profile: .ctap21)
        let platform = PINPlatform(bench: bench)
        #expect(
            try await platform.tokenStatus("", permissions, relyingPartyID: relyingPartyID, .getTokenUsingUV)
                == .success)
        #expect(gate.requests.map(\.reason) == [reason])
    }

    @Test("§6.5.5.7.3: failures count, block the reader, and a PIN unblocks it")
    func fingerRetries() async throws {
        let gate = RecordingGate(.verificationFailed)
        let platform = try await PINTests.platform(.platform, gate: gate)
        func status() async throws -> CTAPStatus {
            try await platform.tokenStatus(
                "", .getAssertion, relyingPartyID: Bench.relyingPartyID, .getTokenUsingUV)
        }
        func retries() async throws -> UInt64? {
            let request = ClientPINRequest(.getUVRetries, pinUVAuthProtocol: 2).request
            return try ClientPINResponse(data: await platform.bench.respond(request).data).uvRetries
        }
        for expected in [CTAPStatus.uvInvalid, .uvInvalid, .uvInvalid, .uvInvalid, .uvBlocked, .uvBlocked] {
            #expect(try await status() == expected)
        }
        #expect(try await retries() == 0)
        #expect(gate.requests.count == 5)
        #expect(await platform.bench.status(Bench.authentication(userVerification: true).request) == .puatRequired)
        _ = try await platform.token(nil)
        #expect(try await retries() == 5)
        gate.answer(.denied)
        #expect(try await status() == .operationDenied)
        gate.answer(.timedOut)
        #expect(try await status() == .userActionTimeout)
        gate.answer(.finger("somebody's"))
        #expect(try await status() == .uvInvalid)
        gate.answer(.finger("right index finger"))
        #expect(try await status() == .success)
        #expect(try await retries() == 5)
    }

    @Test("§6.5.3.1: performBuiltInUv tries three times by itself for a command")
    func internalRetries() async throws {
        let gate = RecordingGate(.verificationFailed)
        let bench = Bench(.platform, gate: gate)
        let request = Bench.registration(userVerification: true).request
        #expect(await bench.status(request) == .operationDenied)
        #expect(gate.requests.count == 3)
        #expect(bench.store.state()?.uvRetries == 2)
        #expect(await bench.status(request) == .pinBlocked)
        #expect(gate.requests.count == 5)
        // Who has a PIN is asked for it.
        let other = try await PINTests.platform(.platform, gate: gate)
        #expect(await other.bench.status(request) == .puatRequired)
    }

    @Test("§6.5.3.1: cancelling a failed verification gives no attempt back, cancelling a question does")
    func cancelledVerification() async throws {
        let gate = WaitingGate()
        let bench = Bench(.platform, gate: gate)
        let asking = Task { await bench.status(Bench.registration(userVerification: true).request) }
        _ = await gate.nextCall()
        #expect(bench.store.state()?.uvRetries == 4)
        asking.cancel()
        #expect(await asking.value == .keepaliveCancel)
        #expect(bench.store.state()?.uvRetries == 5)
    }

    @Test("§6.5.3.1: a sample of a finger that is not enrolled verifies nobody")
    func strangersSample() async throws {
        let gate = RecordingGate(.sample(.good, finger: "stranger"))
        let bench = Bench(.platform, gate: gate)
        #expect(await bench.status(Bench.registration(userVerification: true).request) == .operationDenied)
        gate.answer(.sample(.good, finger: "right index finger"))
        #expect(await bench.status(Bench.registration(userVerification: true).request) == .success)
    }
}
