import CTAP
import SoftwareAuthenticator
import TestSupport
import Testing
import WebAuthnModel

@Suite("authenticatorGetNextAssertion (§6.3)", .timeLimit(.minutes(2)))
struct GetNextAssertionTests {
    private let next = CTAPRequest(.getNextAssertion)

    @Test("hands out the credentials newest first, each with a signature of its own")
    func order() async throws {
        let bench = Bench()
        let made = try await bench.register(accounts: [[1], [2], [3]])
        let assertions = try await bench.client.getAssertions(Bench.authentication(userVerification: true))
        #expect(assertions.map { $0.user?.id.bytes } == [[3], [2], [1]])
        #expect(assertions.map(\.numberOfCredentials) == [3, nil, nil])
        #expect(assertions.map { $0.user?.name } == ["mina", "mina", "mina"])
        for (assertion, registered) in zip(assertions, made.reversed()) {
            #expect(assertion.credential?.id.bytes == registered.id)
            #expect(
                try isValid(assertion.signature, over: assertion.authenticatorData, by: registered.publicKey))
            let flags = try AuthenticatorData(decoding: assertion.authenticatorData).flags
            #expect(flags == [.userPresent, .userVerified])
        }
        #expect(await bench.status(next) == .notAllowed)
    }

    @Test("a phone's user picks the account on the phone: one assertion, marked as chosen, unless a list names it")
    func phone() async throws {
        let bench = Bench(.phone)
        let made = try await bench.register(accounts: [[1], [2]])
        let assertions = try await bench.client.getAssertions(Bench.authentication())
        #expect(assertions.map { $0.user?.id.bytes } == [[2]])
        #expect(assertions.map(\.userSelected) == [true])
        #expect(assertions.map(\.numberOfCredentials) == [nil])
        #expect(await bench.status(next) == .notAllowed)
        var listed = Bench.authentication()
        listed.allowList = [PublicKeyCredentialDescriptor(id: try #require(made.first).id)]
        #expect(try await bench.client.getAssertions(listed).map(\.userSelected) == [nil])
        // Silently, nobody is asked and nobody chooses.
        var silent = Bench.authentication()
        silent.options = AuthenticatorOptions(userPresence: false)
        #expect(try await bench.client.getAssertions(silent).map(\.userSelected) == [nil, nil])
    }

    @Test("needs an assertion before it, one with several credentials")
    func nothingRemembered() async throws {
        let bench = Bench()
        #expect(await bench.status(next) == .notAllowed)
        _ = try await bench.register(accounts: [[1]])
        #expect(await bench.status(Bench.authentication().request) == .success)
        #expect(await bench.status(next) == .notAllowed)
    }

    @Test("must follow within 30 seconds; each step starts the time anew")
    func timer() async throws {
        let bench = Bench()
        _ = try await bench.register(accounts: [[1], [2], [3], [4]])
        #expect(await bench.status(Bench.authentication().request) == .success)
        bench.clock.advance(by: .seconds(30))
        #expect(await bench.status(next) == .success)
        bench.clock.advance(by: .seconds(30))
        #expect(await bench.status(next) == .success)
        bench.clock.advance(by: .milliseconds(30_001))
        #expect(await bench.status(next) == .notAllowed)
        #expect(await bench.status(next) == .notAllowed)
    }

    @Test(
        "step 1: belongs to its channel, and ends when it is asked for on another one",
        arguments: [CTAPRequestContext.Transport.hid(channel: 8), .hybrid(session: 1), .inProcess])
    func channel(other: CTAPRequestContext.Transport) async throws {
        let bench = Bench()
        _ = try await bench.register(accounts: [[1], [2], [3]])
        let own = CTAPRequestContext.Transport.hid(channel: 7)
        #expect(await bench.status(Bench.authentication().request, transport: own) == .success)
        #expect(await bench.status(next, transport: own) == .success)
        #expect(await bench.status(next, transport: other) == .notAllowed)
        #expect(await bench.status(next, transport: own) == .notAllowed)
    }

    @Test(
        "dies of any other command",
        arguments: [
            CTAPRequest(.getInfo), CTAPRequest(.selection), CTAPRequest(.reset), CTAPRequest(.clientPIN),
            Bench.authentication(relyingPartyID: "other.example").request, Bench.registration().request,
        ])
    func otherCommands(request: CTAPRequest) async throws {
        let bench = Bench()
        _ = try await bench.register(accounts: [[1], [2]])
        #expect(await bench.status(Bench.authentication().request) == .success)
        _ = await bench.respond(request)
        #expect(await bench.status(next) == .notAllowed)
    }

    @Test("dies with the power")
    func powerCycle() async throws {
        let bench = Bench()
        _ = try await bench.register(accounts: [[1], [2]])
        #expect(await bench.status(Bench.authentication().request) == .success)
        await bench.authenticator.powerCycle()
        #expect(await bench.status(next) == .notAllowed)
    }
}
