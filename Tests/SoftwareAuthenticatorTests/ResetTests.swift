import CBOR
import CTAP
import Crypto
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

    @Test("§6.6 step 4: everything that was set is as it left the factory, and the device is another one")
    func factory() async throws {
        let platform = try await PINTests.platform(.platform)
        let bench = platform.bench
        let fresh = try await Bench(.platform).client.getInfo()
        let persistent = try await platform.token(.persistentCredentialManagementReadOnly)
        _ = try await bench.register(platform.registration(try await platform.token(.makeCredential)))
        let settings = try await platform.token([.authenticatorConfiguration, .largeBlobWrite])
        let content = [UInt8](repeating: 7, count: 40)
        var write = LargeBlobsRequest(
            set: content + Array(SHA256.hash(data: content)).prefix(16), offset: 0, length: 56)
        write.pinUVAuthProtocol = 2
        write.pinUVAuthParam = settings.authenticate(write.authenticatedMessage)
        #expect(await bench.status(write.request) == .success)
        #expect(await bench.configure(2, [], settings) == .success)
        #expect(await bench.configure(4, [], settings) == .success)
        #expect(
            await bench.configure(3, [(1, 5), (2, [.text(Bench.relyingPartyID)]), (3, true), (4, true)], settings)
                == .success)
        #expect(try await platform.tokenStatus("0000", nil) == .pinInvalid)
        let before = try #require(bench.store.state())
        let key = try await platform.agree().key
        #expect(await bench.status(CTAPRequest(.reset)) == .success)

        let info = try await bench.client.getInfo()
        #expect(info.options["clientPin"] == false && info.options["alwaysUv"] == false)
        #expect(info.options["makeCredUvNotRqd"] == true)
        // The fingers are gone as well.
        #expect(info.options["uv"] == false && info.options["bioEnroll"] == false)
        #expect([info.minimumPINLength, info.remainingDiscoverableCredentials] == [4, 1000])
        #expect(info.forcesPINChange == false && info.needsLongTouchForReset == false)
        #expect(info.hasPINComplexityPolicy == false)
        // The model's own stays.
        #expect([info.aaguid] == [fresh.aaguid] && info.versions == fresh.versions)
        #expect(info.firmwareVersion == fresh.firmwareVersion)
        let state = try #require(bench.store.state())
        #expect([state.pinRetries, state.uvRetries] == [8, 5])
        #expect(state.minimumPINLengthRelyingPartyIDs.isEmpty && state.pin == nil)
        #expect(state.deviceIdentifier != before.deviceIdentifier && state.persistentToken != before.persistentToken)
        let read = LargeBlobsRequest(get: 100, offset: 0).request
        let blobs = try LargeBlobsResponse(data: await bench.respond(read).data).config
        #expect(blobs.hex == "8076be8b528d0075f7aae98d6fa57a6d3c")
        #expect(try await platform.agree().key != key)
        var metadata = CredentialManagementRequest(1, pinUVAuthProtocol: 2)
        metadata.pinUVAuthParam = persistent.authenticate(metadata.authenticatedMessage)
        #expect(await bench.status(metadata.request) == .pinAuthInvalid)
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
