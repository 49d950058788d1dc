import CTAP
import CertificateAuthority
import FoundationEssentials
import HybridProtocol
import TestSupport
import Testing

@testable import BluetoothLE
@testable import HybridTransport

/// Whole ceremonies: both sessions, a radio, and a tunnel service over TLS.
@Suite(.timeLimit(.minutes(1))) struct HybridSessionTunnelTests {
    /// Runs both sessions side by side and gives what became of them.
    private func meet<Value: Sendable>(
        _ client: HybridClientSession, _ authenticator: HybridAuthenticatorSession,
        body: @escaping @Sendable (HybridPhone) async throws -> Value
    ) async -> (Result<Value, any Error>, Result<[CTAPStatus], any Error>) {
        let phone = Task { try await authenticator.run() }
        let pc = Task { try await client.withPhone(body) }
        return (await pc.result, await phone.result)
    }

    /// A ceremony of several requests over some radio.
    private func ceremony(over radio: any BluetoothRadio, phoneRadio: (any BluetoothRadio)? = nil) async throws {
        let fixture = try HybridSessionFixture()
        let (atPC, atPhone) = (EventLog(), EventLog())
        let room = ScriptedRoom { request in
            request.command == .getAssertion
                ? CTAPResponse(.operationDenied) : CTAPResponse(.success, data: request.parameters.reversed())
        }
        var generator = SeededGenerator(seed: 5)
        let large = generator.bytes(60_000)
        try await TunnelServerHarness.run { harness in
            let (pc, phone) = await meet(
                fixture.client(radio: radio, endpoint: harness.endpoint, log: atPC),
                fixture.authenticator(room, radio: phoneRadio ?? radio, endpoint: harness.endpoint, log: atPhone)
            ) { phone in
                let context = CTAPRequestContext()
                let info = await phone.respond(to: CTAPRequest(.getInfo), in: context)
                #expect(info == CTAPResponse(.success, data: ScriptedRoom.information))
                let requests = [
                    CTAPRequest(.makeCredential, parameters: [1, 2]), CTAPRequest(.getAssertion),
                    CTAPRequest(.makeCredential, parameters: large),
                ]
                var responses: [CTAPResponse] = []
                for request in requests { responses.append(await phone.respond(to: request, in: context)) }
                return responses
            }
            // What the authenticator denied passes through as it is.
            let responses = try pc.get()
            #expect(
                responses == [
                    CTAPResponse(.success, data: [2, 1]), CTAPResponse(.operationDenied),
                    CTAPResponse(.success, data: large.reversed()),
                ])
            let statuses = try phone.get()
            #expect(statuses == [.success, .operationDenied, .success])
        }
        #expect(room.requests.map(\.parameters) == [[1, 2], [], large])
        let exchange = [
            "makeCredential 3", "0 3", "getAssertion 1", "39 1", "makeCredential 60001", "0 60001", "closed",
        ]
        #expect(atPC.words.first?.hasPrefix("advert after ") == true)
        #expect(Array(atPC.words.dropFirst()) == ["tunnel", "handshake", "info"] + exchange)
        #expect(atPhone.words == ["tunnel", "advertising", "handshake"] + exchange)
    }

    @Test("a ceremony over a radio within the process")
    func inProcess() async throws {
        let radio = InProcessRadio()
        try await ceremony(over: radio)
        #expect(radio.activity == (0, 0))
    }

    @Test("a ceremony over a radio of sockets leaves no socket")
    func sockets() async throws {
        let directory = FileManager.default.temporaryDirectory.path + "/radio-" + UUID().uuidString.prefix(8)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try await ceremony(over: SocketRadio(directory: directory))
        let left = try FileManager.default.contentsOfDirectory(atPath: directory)
        #expect(left.isEmpty)
    }

    @Test("a phone that advertises under the older service UUID is found")
    func legacyUUID() async throws {
        let radio = InProcessRadio()
        try await ceremony(over: radio, phoneRadio: LegacyRadio(base: radio))
        #expect(radio.activity == (0, 0))
    }

    @Test("foreign and damaged advertisements are passed over")
    func foreign() async throws {
        let fixture = try HybridSessionFixture()
        let own = try fixture.advertisement()
        var damaged = own
        damaged.serviceData[19] ^= 1
        var otherService = own
        otherService.serviceUUID = 0x180F
        let radio = RecordedRadio(heard: [
            try HybridSessionFixture(seed: 9).advertisement(), damaged, otherService,
            ServiceDataAdvertisement(serviceUUID: 0xFFF9, serviceData: []),
            ServiceDataAdvertisement(serviceUUID: 0xFFF9, serviceData: Array(own.serviceData.dropLast())), own,
        ])
        let log = EventLog()
        // The tunnel of the advertisement does not exist: the session gets as far as that.
        try await TunnelServerHarness.run { harness in
            let session = fixture.client(radio: radio, endpoint: harness.endpoint, log: log)
            await #expect {
                try await session.withPhone { _ in }
            } throws: { error in
                guard case HybridSessionError.transport(.tunnel, let reason) = error else { return false }
                return reason.contains("404")
            }
        }
        #expect(log.words == ["advert after 5"])
    }

    @Test("without a fitting advertisement the client platform gives up after its limit")
    func noAdvertisement() async throws {
        let fixture = try HybridSessionFixture()
        let clock = ManualClock()
        let radio = InProcessRadio()
        let foreign = try HybridSessionFixture(seed: 9).advertisement()
        let noise = Task { try await radio.advertise(foreign) }
        let session = Task { try await fixture.client(radio: radio, clock: clock).withPhone { _ in } }
        await clock.sleepers()
        clock.advance(by: .seconds(180))
        await #expect(throws: HybridSessionError.timedOut(.advertisement)) { try await session.value }
        let cancelled = Task { try await fixture.client(radio: radio, clock: clock).withPhone { _ in } }
        await clock.sleepers()
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        noise.cancel()
        try await noise.value
        #expect(radio.activity == (0, 0))
    }

    @Test("a radio that fails or stops listening is told")
    func radioFails() async throws {
        let fixture = try HybridSessionFixture()
        await #expect(throws: HybridSessionError.transport(.advertisement, "the radio is off; switch it on")) {
            try await fixture.client(radio: BrokenRadio()).withPhone { _ in }
        }
        await #expect {
            try await fixture.client(radio: RecordedRadio()).withPhone { _ in }
        } throws: { error in
            (error as? HybridSessionError)?.leg == .advertisement && "\(error)".contains("stopped")
        }
    }

    @Test("a tunnel service that is not trusted, refuses or does not answer is told by both sides")
    func noTunnel() async throws {
        let fixture = try HybridSessionFixture()
        let radio = RecordedRadio(heard: [try fixture.advertisement()])
        func check(_ endpoint: TunnelEndpoint, pc: String, phone: String) async {
            let sessions: [(String, @Sendable () async throws -> Void)] = [
                (pc, { try await fixture.client(radio: radio, endpoint: endpoint).withPhone { _ in } }),
                (phone, { _ = try await fixture.authenticator(.echo, radio: radio, endpoint: endpoint).run() }),
            ]
            for (words, session) in sessions {
                await #expect {
                    try await session()
                } throws: { error in
                    guard case HybridSessionError.transport(.tunnel, let reason) = error else { return false }
                    return reason.contains(words)
                }
            }
        }
        await check(HybridSessionFixture.nowhere, pc: "no tunnel service", phone: "no tunnel service")
        try await TunnelServerHarness.run { harness in
            var endpoint = harness.endpoint
            endpoint.trustRoots = .certificates(pem: try ThrowawayCertificateAuthority(now: .now).certificatePEM)
            await check(endpoint, pc: "not trusted", phone: "not trusted")
            // Somebody else waits in the phone's tunnel.
            try await TunnelConnection.withConnection(to: harness.endpoint, path: .new(fixture.code.tunnelID)) { _ in
                await check(harness.endpoint, pc: "404", phone: "409")
            }
        }
    }

    @Test("when the PC is cancelled while the phone's user is asked, the room is cancelled and the phone is told")
    func clientCancels() async throws {
        let fixture = try HybridSessionFixture()
        let room = ScriptedRoom { _ in nil }
        let radio = InProcessRadio()
        try await TunnelServerHarness.run { harness in
            let phone = Task {
                try await fixture.authenticator(room, radio: radio, endpoint: harness.endpoint).run()
            }
            let pc = Task {
                try await fixture.client(radio: radio, endpoint: harness.endpoint).withPhone { phone in
                    let response = await phone.respond(to: CTAPRequest(.makeCredential), in: CTAPRequestContext())
                    throw CTAPClientError.status(response.status)
                }
            }
            await room.asks.wait()
            pc.cancel()
            await #expect(throws: CancellationError.self) { try await pc.value }
            await #expect(throws: HybridSessionError.closedByPeer(.request)) { try await phone.value }
            #expect(room.isCancelled.isSet)
        }
        #expect(radio.activity == (0, 0))
    }

    @Test("when the phone is cancelled while its user is asked, the room is cancelled and the PC is told")
    func authenticatorCancels() async throws {
        let fixture = try HybridSessionFixture()
        let room = ScriptedRoom { _ in nil }
        let radio = InProcessRadio()
        try await TunnelServerHarness.run { harness in
            let phone = Task {
                try await fixture.authenticator(room, radio: radio, endpoint: harness.endpoint).run()
            }
            let pc = Task {
                try await fixture.client(radio: radio, endpoint: harness.endpoint).withPhone { phone in
                    let response = await phone.respond(to: CTAPRequest(.makeCredential), in: CTAPRequestContext())
                    throw CTAPClientError.status(response.status)
                }
            }
            await room.asks.wait()
            phone.cancel()
            await #expect(throws: CancellationError.self) { try await phone.value }
            await #expect(throws: HybridSessionError.closedByPeer(.response)) { try await pc.value }
            #expect(room.isCancelled.isSet)
        }
    }

    @Test("when the tunnel service ends in the middle, both sides say so")
    func serviceEnds() async throws {
        let fixture = try HybridSessionFixture()
        let room = ScriptedRoom { _ in nil }
        let radio = InProcessRadio()
        try await TunnelServerHarness.run { harness in
            let phone = Task {
                try await fixture.authenticator(room, radio: radio, endpoint: harness.endpoint).run()
            }
            let pc = Task {
                try await fixture.client(radio: radio, endpoint: harness.endpoint).withPhone { phone in
                    let response = await phone.respond(to: CTAPRequest(.makeCredential), in: CTAPRequestContext())
                    throw CTAPClientError.status(response.status)
                }
            }
            await room.asks.wait()
            await harness.shutDown()
            for (result, leg) in [
                (await pc.result.map { _ in }, HybridSessionError.Leg.response),
                (await phone.result.map { _ in }, .request),
            ] {
                guard case .failure(HybridSessionError.transport(leg, let reason)) = result else {
                    Issue.record("\(result)")
                    continue
                }
                #expect(reason.contains("shutting down"))
            }
            #expect(room.isCancelled.isSet)
        }
    }

    @Test("a session that is cancelled while it waits in its tunnel leaves it", arguments: [true, false])
    func cancelledInTunnel(atPhone: Bool) async throws {
        let fixture = try HybridSessionFixture()
        let radio = InProcessRadio()
        let log = EventLog()
        try await TunnelServerHarness.run { harness in
            if atPhone {
                let phone = Task {
                    try await fixture.authenticator(.echo, radio: radio, endpoint: harness.endpoint, log: log).run()
                }
                await log.wait(for: "advertising")
                phone.cancel()
                await #expect(throws: CancellationError.self) { try await phone.value }
                return
            }
            // A phone that says nothing, in the tunnel of the advertisement.
            try await TunnelConnection.withConnection(to: harness.endpoint, path: .new(fixture.code.tunnelID)) {
                tunnel in
                let routingID = try #require(tunnel.routingID)
                let eid = try #require(
                    HybridEID(nonce: fixture.eid.nonce, routingID: routingID, domain: fixture.domain))
                let heard = ServiceDataAdvertisement(
                    serviceUUID: 0xFFF9,
                    serviceData: try HybridAdvertisement.seal(eid: eid, eidKey: fixture.code.eidKey))
                let session = fixture.client(
                    radio: RecordedRadio(heard: [heard]), endpoint: harness.endpoint, log: log)
                let pc = Task { try await session.withPhone { _ in } }
                await log.wait(for: "tunnel")
                pc.cancel()
                await #expect(throws: CancellationError.self) { try await pc.value }
            }
        }
        #expect(radio.activity == (0, 0))
    }
}
