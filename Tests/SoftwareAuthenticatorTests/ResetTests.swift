import CTAP
import SoftwareAuthenticator
import TestSupport
import Testing
import WebAuthnModel

@Suite("authenticatorReset (§6.6) and authenticatorSelection (§6.9)", .timeLimit(.minutes(2)))
struct ResetTests {
    @Test("forgets stored credentials and makes wrapped ones worthless; the counter goes on")
    func effects() async throws {
        let bench = Bench(store: MemoryCredentialStore(signatureCounter: 100))
        let stored = try await bench.register(accounts: [[1]])[0]
        let wrapped = try await bench.register(Bench.registration())
        #expect(await bench.respond(CTAPRequest(.reset)) == CTAPResponse(.success))
        for id in [stored.id, wrapped.id] {
            #expect(await bench.status(Bench.authentication(allowList: [id]).request) == .noCredentials)
        }
        #expect(await bench.status(Bench.authentication().request) == .noCredentials)
        let again = try await bench.register(Bench.registration())
        #expect(again.data.signatureCounter == 103)
        #expect(await bench.status(Bench.authentication(allowList: [again.id]).request) == .success)
    }

    @Test("over CTAPHID only within the window after power-up, which a reset does not start anew")
    func window() async {
        let bench = Bench()
        let hid = CTAPRequestContext.Transport.hid(channel: 1)
        bench.clock.advance(by: .seconds(10))
        #expect(await bench.status(CTAPRequest(.reset), transport: hid) == .success)
        bench.clock.advance(by: .milliseconds(1))
        #expect(await bench.status(CTAPRequest(.reset), transport: hid) == .notAllowed)
        #expect(await bench.status(CTAPRequest(.reset)) == .success)
        await bench.authenticator.powerCycle()
        #expect(await bench.status(CTAPRequest(.reset), transport: hid) == .success)
    }

    @Test("without a window at any time")
    func noWindow() async {
        let bench = Bench(resetWindow: nil)
        bench.clock.advance(by: .seconds(1000))
        #expect(await bench.status(CTAPRequest(.reset), transport: .hid(channel: 1)) == .success)
    }

    @Test("not over the hybrid transport")
    func hybrid() async {
        let gate = RecordingGate()
        #expect(
            await Bench(.phone, gate: gate).status(CTAPRequest(.reset), transport: .hybrid(session: 1))
                == .operationDenied)
        #expect(gate.requests.isEmpty)
    }

    @Test(
        "the user decides on either command",
        arguments: [
            (UserDecision.approved, CTAPStatus.success), (.denied, .operationDenied),
            (.timedOut, .userActionTimeout),
        ])
    func decisions(decision: UserDecision, expected: CTAPStatus) async throws {
        let gate = RecordingGate()
        let bench = Bench(gate: gate)
        _ = try await bench.register(accounts: [[1]])
        gate.answer(decision)
        #expect(await bench.respond(CTAPRequest(.selection)) == CTAPResponse(expected))
        #expect(gate.requests.last == UserRequest(.selection, needsVerification: false))
        #expect(await bench.respond(CTAPRequest(.reset)) == CTAPResponse(expected))
        #expect(gate.requests.last == UserRequest(.reset, needsVerification: false))
        let left = try await bench.store.sources(relyingPartyID: Bench.relyingPartyID)
        #expect(left.isEmpty == (expected == .success))
    }
}
