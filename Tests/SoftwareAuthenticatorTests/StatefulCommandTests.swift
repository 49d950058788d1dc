import CBOR
import CTAP
import Crypto
import SoftwareAuthenticator
import TestSupport
import Testing
import WebAuthnModel

/// What a command begins and others continue, and what ends it.
@Suite("Stateful commands (§6)", .timeLimit(.minutes(2))) struct StatefulCommandTests {
    /// A sequence that is begun on channel 1.
    enum Chain: CaseIterable {
        case assertions, relyingParties, credentials, largeBlobs

        /// What a continuation is answered that has nothing to continue.
        var refusal: CTAPStatus { self == .largeBlobs ? .invalidSequence : .notAllowed }
    }

    /// What happens between two steps.
    enum Event: CaseIterable {
        case nothing, thirtySeconds, moreThanThirtySeconds, power, otherChannel, otherCommand, atOnce, unknownCommand,
            ctap1

        var isHarmless: Bool { self == .nothing || self == .thirtySeconds }
    }

    private static let array: [UInt8] = {
        let content = [0x81] + [UInt8](repeating: 7, count: 99)
        return content + Array(SHA256.hash(data: content)).prefix(16)
    }()

    private static let channel = CTAPRequestContext.Transport.hid(channel: 1)

    private func begin(_ chain: Chain, _ platform: PINPlatform, _ token: PINUVAuthToken) async -> CTAPStatus {
        var request: CTAPRequest
        switch chain {
        case .assertions: request = Bench.authentication().request
        case .relyingParties, .credentials:
            var management = CredentialManagementRequest(chain == .relyingParties ? 2 : 4, pinUVAuthProtocol: 2)
            if chain == .credentials {
                management.parameters = CBORMap()
                management.parameters?[1] = .bytes(PINPlatform.sha256(Bench.relyingPartyID))
            }
            management.pinUVAuthParam = token.authenticate(management.authenticatedMessage)
            request = management.request
        case .largeBlobs: request = fragment(0..<50, token)
        }
        return await platform.bench.status(request, transport: Self.channel)
    }

    private func fragment(_ range: Range<Int>, _ token: PINUVAuthToken) -> CTAPRequest {
        var request = LargeBlobsRequest(
            set: Array(Self.array[range]), offset: UInt64(range.lowerBound),
            length: range.lowerBound == 0 ? UInt64(Self.array.count) : nil)
        request.pinUVAuthProtocol = 2
        request.pinUVAuthParam = token.authenticate(request.authenticatedMessage)
        return request.request
    }

    private func next(_ chain: Chain, _ step: Int, _ token: PINUVAuthToken) -> CTAPRequest {
        switch chain {
        case .assertions: CTAPRequest(.getNextAssertion)
        case .relyingParties: CredentialManagementRequest(3).request
        case .credentials: CredentialManagementRequest(5).request
        case .largeBlobs: fragment(step == 1 ? 50..<100 : 100..<Self.array.count, token)
        }
    }

    @Test("what ends a sequence, and what does not", arguments: Chain.allCases, Event.allCases)
    func ends(chain: Chain, event: Event) async throws {
        let platform = PINPlatform(bench: Bench(.securityKey))
        let bench = platform.bench
        for id in [Bench.relyingPartyID, "b", "c"] {
            for user in 1...3 as ClosedRange<UInt8> where user == 1 || id == Bench.relyingPartyID {
                let request = Bench.registration(user: [user], relyingPartyID: id, discoverable: true)
                #expect(await bench.status(request.request) == .success)
            }
        }
        try await platform.setUsualPIN()
        let token = try await platform.token([.credentialManagement, .largeBlobWrite])
        #expect(await bench.status(next(chain, 1, token), transport: Self.channel) == chain.refusal)
        // So that a door can have it without the actor.
        #expect(await bench.status(CTAPRequest(.getInfo)) == .success)
        #expect(bench.authenticator.respondAtOnce(to: CTAPRequest(.getInfo)) != nil)
        #expect(await begin(chain, platform, token) == .success)
        #expect(await bench.status(next(chain, 1, token), transport: Self.channel) == .success)
        var transport = Self.channel
        switch event {
        case .nothing: break
        case .thirtySeconds: bench.clock.advance(by: .seconds(30))
        case .moreThanThirtySeconds: bench.clock.advance(by: .milliseconds(30_001))
        case .power: await bench.authenticator.powerCycle()
        case .otherChannel: transport = .hid(channel: 2)
        case .otherCommand: #expect(await bench.status(CTAPRequest(.getInfo), transport: Self.channel) == .success)
        case .atOnce:
            #expect(bench.authenticator.respondAtOnce(to: CTAPRequest(.getInfo)) == nil)
            #expect(await bench.status(CTAPRequest(.getInfo), transport: .hid(channel: 2)) == .success)
            #expect(bench.authenticator.respondAtOnce(to: CTAPRequest(.getInfo)) != nil)
        case .unknownCommand:
            let unknown = CTAPRequest(CTAPCommand(rawValue: 0x77))
            #expect(await bench.status(unknown, transport: Self.channel) == .invalidCommand)
        case .ctap1:
            let context = CTAPRequestContext(transport: Self.channel)
            #expect(await bench.authenticator.respond(toAPDU: [0, 3, 0, 0], in: context).suffix(2) == [0x90, 0])
        }
        let status = await bench.status(next(chain, 2, token), transport: transport)
        #expect(status == (event.isHarmless ? .success : chain.refusal))
        // It has ended now, one way or the other.
        #expect(await bench.status(next(chain, 2, token), transport: Self.channel) == chain.refusal)
    }

    @Test(
        "§6: nothing that was begun lives on when the power goes in the middle of a request", arguments: [false, true])
    func powerInTheMiddle(isInterrupted: Bool) async throws {
        let memory = MemoryCredentialStore()
        let store = InterruptedStore(memory)
        let bench = Bench(.securityKey, store: memory, asked: store)
        for id in ["b", "c", Bench.relyingPartyID] {
            let request = Bench.registration(relyingPartyID: id, discoverable: true)
            #expect(await bench.status(request.request) == .success)
        }
        let platform = PINPlatform(bench: bench)
        try await platform.setUsualPIN()
        let token = try await platform.token(.credentialManagement)
        #expect(await begin(.relyingParties, platform, token) == .success)
        // The walk through the credentials of one, as the other goes on.
        if isInterrupted { store.interruptNext { await bench.authenticator.powerCycle() } }
        #expect(await begin(.credentials, platform, token) == (isInterrupted ? .keepaliveCancel : .success))
        let status = await bench.status(next(.relyingParties, 1, token), transport: Self.channel)
        #expect(status == (isInterrupted ? .notAllowed : .success))
    }

    /// What happens to a finger that is being enrolled.
    enum EnrollmentEvent: CaseIterable {
        case nothing, otherCommand, time, newToken, cancel, newBegin, refusedBegin, power, reset

        var isHarmless: Bool { [.nothing, .otherCommand, .time, .newToken, .refusedBegin].contains(self) }
    }

    @Test(
        "§6.7: an enrolment is none of these: it ends by itself, with another one, a reset or the power",
        arguments: EnrollmentEvent.allCases)
    func enrollment(event: EnrollmentEvent) async throws {
        let platform = try await PINTests.platform(.platform)
        let bench = platform.bench
        func send(_ number: UInt64, _ id: [UInt8]? = nil, isGood: Bool = true) async throws -> CTAPResponse {
            let token = try await platform.token(.bioEnrollment)
            var request = BioEnrollmentRequest(number)
            request.parameters = id.map { id in
                var map = CBORMap()
                map[1] = .bytes(id)
                return map
            }
            request.pinUVAuthProtocol = 2
            request.pinUVAuthParam = isGood ? token.authenticate(request.authenticatedMessage) : [1]
            return await bench.respond(request.request)
        }
        let begun = try await send(1)
        let id = try #require(try BioEnrollmentResponse(data: begun.data).templateID)
        #expect(try await send(2, id).status == .success)
        switch event {
        case .nothing: break
        case .otherCommand: #expect(await bench.status(Bench.authentication().request) == .noCredentials)
        case .time: bench.clock.advance(by: .seconds(3600))
        case .newToken: _ = try await platform.token(.credentialManagement)
        case .cancel:
            #expect(await bench.respond(BioEnrollmentRequest(3).request) == CTAPResponse(.success))
            // Nothing is left to be cancelled, which is as good.
            #expect(await bench.respond(BioEnrollmentRequest(3).request) == CTAPResponse(.success))
        case .newBegin: #expect(try await send(1).status == .success)
        case .refusedBegin: #expect(try await send(1, isGood: false).status == .pinAuthInvalid)
        case .power: await bench.authenticator.powerCycle()
        case .reset:
            #expect(await bench.status(CTAPRequest(.reset)) == .success)
            try await platform.setUsualPIN()
        }
        #expect(try await send(2, id).status == (event.isHarmless ? .success : .invalidOption))
    }
}
