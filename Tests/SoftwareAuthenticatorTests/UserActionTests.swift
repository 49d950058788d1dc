import CTAP
import SoftwareAuthenticator
import TestSupport
import Testing
import WebAuthnModel

@Suite("Waiting for the user (§1.6), one request at a time", .timeLimit(.minutes(2)))
struct UserActionTests {
    @Test("keepalives say when the user is waited for")
    func keepalives() async {
        let bench = Bench()
        let keepalives = Keepalives()
        _ = await bench.authenticator.respond(to: CTAPRequest(.selection), in: keepalives.context())
        #expect(keepalives.all == [.processing, .userPresenceNeeded, .processing])
        let silent = Keepalives()
        _ = await bench.authenticator.respond(to: CTAPRequest(.getInfo), in: silent.context())
        #expect(silent.all == [.processing])
    }

    @Test("the authenticator's own time-out ends the wait after 30 seconds")
    func timeout() async {
        let bench = Bench(gate: WaitingGate())
        async let status = bench.status(CTAPRequest(.selection))
        await bench.clock.sleepers(1)
        bench.clock.advance(by: .milliseconds(29_999))
        bench.clock.advance(by: .milliseconds(1))
        #expect(await status == .userActionTimeout)
    }

    @Test("a delayed gate answers after its delay")
    func delayedGate() async {
        let clock = ManualClock()
        let inner = RecordingGate()
        let gate = DelayedGate(after: .seconds(2), clock: clock, then: inner)
        async let decision = gate.decide(UserRequest(.reset, needsVerification: false))
        await clock.sleepers(1)
        #expect(inner.requests.isEmpty)
        clock.advance(by: .seconds(2))
        #expect(await decision == .approved)
        #expect(inner.requests == [UserRequest(.reset, needsVerification: false)])
    }

    @Test("a person who does not react lets the time run out, and can be given up before")
    func ignoringGate() async {
        let clock = ManualClock()
        let authenticator = Authenticator(
            configuration: Authenticator.Configuration(flavour: .securityKey, userActionTimeout: .seconds(10)),
            store: MemoryCredentialStore(), gate: IgnoringGate(), clock: clock)
        async let response = authenticator.respond(to: CTAPRequest(.selection), in: CTAPRequestContext())
        await clock.sleepers(1)
        clock.advance(by: .seconds(10))
        #expect(await response == CTAPResponse(.userActionTimeout))
        let question = Task { await IgnoringGate().decide(UserRequest(.reset, needsVerification: false)) }
        question.cancel()
        #expect(await question.value == .timedOut)
    }

    @Test("a gate that takes longer than the time-out is given up")
    func slowGate() async {
        let clock = ManualClock()
        let inner = RecordingGate()
        let authenticator = Authenticator(
            configuration: Authenticator.Configuration(flavour: .securityKey, userActionTimeout: .seconds(10)),
            store: MemoryCredentialStore(), gate: DelayedGate(after: .seconds(11), clock: clock, then: inner),
            clock: clock)
        async let response = authenticator.respond(to: CTAPRequest(.selection), in: CTAPRequestContext())
        await clock.sleepers(2)
        clock.advance(by: .seconds(10))
        #expect(await response.status == .userActionTimeout)
        #expect(inner.requests.isEmpty)
    }

    @Test(
        "cancelling the task while the user is asked is CTAP2_ERR_KEEPALIVE_CANCEL",
        arguments: [
            CTAPRequest(.selection), CTAPRequest(.reset), Bench.registration().request,
            Bench.registration(userVerification: true).request, Bench.authentication(userVerification: true).request,
        ])
    func cancellation(request: CTAPRequest) async {
        let gate = WaitingGate()
        let bench = Bench(gate: gate)
        let response = await withTaskGroup(of: CTAPResponse.self) { group in
            group.addTask { await bench.respond(request) }
            _ = await gate.nextCall()
            group.cancelAll()
            return await group.next()
        }
        #expect(response == CTAPResponse(.keepaliveCancel))
        // Nothing is left behind.
        #expect(await bench.status(CTAPRequest(.getInfo)) == .success)
    }

    @Test("cancelling wins over the touch for an excluded credential too")
    func cancellationOfExclusion() async throws {
        let gate = WaitingGate()
        let bench = Bench(gate: gate)
        let first = await withTaskGroup(of: CTAPResponse.self) { group in
            group.addTask { await bench.respond(Bench.registration().request) }
            _ = await gate.nextCall()
            gate.answer(.approved)
            return await group.next()
        }
        let made = try MakeCredentialResponse(data: try #require(first).data)
        let id = try #require(try AuthenticatorData(decoding: made.authenticatorData).attestedCredentialData)
            .credentialID
        let request = Bench.registration(excludeList: [PublicKeyCredentialDescriptor(id: id)]).request
        let status = await withTaskGroup(of: CTAPStatus.self) { group in
            group.addTask { await bench.status(request) }
            _ = await gate.nextCall()
            group.cancelAll()
            return await group.next()
        }
        #expect(status == .keepaliveCancel)
    }

    @Test("a second request waits for the first, and one touch serves one request only")
    func queueing() async {
        let gate = WaitingGate()
        let bench = Bench(gate: gate)
        await withTaskGroup(of: CTAPStatus.self) { group in
            group.addTask { await bench.status(CTAPRequest(.selection)) }
            _ = await gate.nextCall()
            let keepalives = Keepalives()
            group.addTask {
                await bench.authenticator.respond(to: CTAPRequest(.reset), in: keepalives.context()).status
            }
            gate.answer(.approved)
            #expect(await group.next() == .success)
            let second = await gate.nextCall()
            #expect(second == UserRequest(.reset, needsVerification: false))
            gate.answer(.denied)
            #expect(await group.next() == .operationDenied)
            #expect(keepalives.all == [.processing, .userPresenceNeeded, .processing])
        }
    }

    @Test("a waiting request that is cancelled answers at once, and the first goes on")
    func cancellationInQueue() async {
        let gate = WaitingGate()
        let bench = Bench(gate: gate)
        await withTaskGroup(of: CTAPStatus.self) { group in
            group.addTask { await bench.status(CTAPRequest(.selection)) }
            _ = await gate.nextCall()
            let waiting = await withTaskGroup(of: CTAPStatus.self) { inner in
                inner.addTask { await bench.status(CTAPRequest(.getInfo)) }
                inner.cancelAll()
                return await inner.next()
            }
            #expect(waiting == .keepaliveCancel)
            gate.answer(.approved)
            #expect(await group.next() == .success)
        }
        #expect(await bench.status(CTAPRequest(.getInfo)) == .success)
    }

    @Test("many requests at once are all answered, one after the other")
    func crowd() async throws {
        let bench = Bench(.securityKey)
        let statuses = await withTaskGroup(of: CTAPStatus.self) { group in
            for user in 0..<50 as Range<UInt8> {
                group.addTask { await bench.status(Bench.registration(user: [user], discoverable: true).request) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses == [CTAPStatus](repeating: .success, count: 50))
        #expect(try await bench.store.sources(relyingPartyID: Bench.relyingPartyID).count == 50)
    }
}
