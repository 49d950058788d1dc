import CTAP
import Crypto
import HybridProtocol
import TestSupport
import Testing

@testable import BluetoothLE
@testable import HybridTransport

/// The authenticator's session against client platforms that follow a script.
@Suite(.timeLimit(.minutes(1))) struct HybridSessionAuthenticatorTests {
    /// A way in which a client platform fails, and what the session says.
    struct Failure: Sendable, CustomTestStringConvertible {
        let name: String
        let error: HybridSessionError
        let client: @Sendable (ScriptedClient) async throws -> Void

        init(
            _ name: String, _ error: HybridSessionError,
            client: @escaping @Sendable (ScriptedClient) async throws -> Void
        ) {
            self.name = name
            self.error = error
            self.client = client
        }

        var testDescription: String { name }
    }

    /// A message with a request: makeCredential with an empty map.
    private static let request: [UInt8] = [1, 1, 0xA0]

    static let failures: [Failure] = [
        Failure("closes before message 1", .closedByPeer(.peer)) { $0.channel.close() },
        Failure("is lost before message 1", .transport(.peer, TunnelError.connectionLost.description)) {
            $0.channel.breakOff()
        },
        Failure("message 1 of 80 bytes", .handshake(.wrongLength(80))) {
            guard let initiator = try await $0.initiator() else { return }
            try await $0.channel.send(initiator.message1.dropLast())
        },
        Failure("message 1 of 82 bytes", .handshake(.wrongLength(82))) {
            guard let initiator = try await $0.initiator() else { return }
            try await $0.channel.send(initiator.message1 + [0])
        },
        Failure("message 1 without a point", .handshake(.invalidPublicKey)) {
            try await $0.channel.send([UInt8](repeating: 4, count: 81))
        },
        Failure("the secret of another QR code", .handshake(.authenticationFailed)) {
            guard let initiator = try await $0.initiator(secret: [UInt8](repeating: 1, count: 16)) else { return }
            try await $0.channel.send(initiator.message1)
        },
        Failure("the identity key of another QR code", .handshake(.authenticationFailed)) {
            guard let initiator = try await $0.initiator(identityKey: .init()) else { return }
            try await $0.channel.send(initiator.message1)
        },
        Failure("closes without a request", .closedByPeer(.request)) {
            _ = try await $0.meet()
            $0.channel.close()
        },
        Failure("is lost without a request", .transport(.request, TunnelError.connectionLost.description)) {
            _ = try await $0.meet()
            $0.channel.breakOff()
        },
        Failure("garbage instead of a request", .cipher(.request, .authenticationFailed)) {
            _ = try await $0.meet()
            try await $0.channel.send([UInt8](repeating: 7, count: 64))
        },
        Failure("JSON instead of a request", .unexpectedMessage(.request, "JSON")) {
            try await $0.send([[3] + Array("{}".utf8)])
        },
        Failure("an empty request", .message(.request, .emptyBody)) { try await $0.send([[1]]) },
        Failure("an unknown type", .message(.request, .unknownType(4))) { try await $0.send([[4, 1]]) },
        Failure("a shutdown with content", .message(.request, .shutdownWithBody)) { try await $0.send([[0, 1]]) },
        Failure("17 updates", .unexpectedMessage(.request, "too many updates")) {
            try await $0.send([[UInt8]](repeating: [2, 0xA0], count: 17))
        },
    ]

    @Test("a client platform that fails before its request ends the session with the leg's error", arguments: failures)
    func beforeRequest(failure: Failure) async throws {
        let room = ScriptedRoom { _ in CTAPResponse(.success) }
        let log = EventLog()
        await #expect(throws: failure.error) {
            try await HybridSessionFixture().withAuthenticator(room, log: log, client: failure.client)
        }
        #expect(room.requests.isEmpty)
        #expect(!log.words.contains("closed"))
    }

    static func interruptions(_ room: ScriptedRoom) -> [Failure] {
        [
            Failure("closes", .closedByPeer(.request)) {
                try await $0.send([request])
                await room.asks.wait()
                $0.channel.close()
            },
            Failure("is lost", .transport(.request, TunnelError.connectionLost.description)) {
                try await $0.send([request])
                await room.asks.wait()
                $0.channel.breakOff()
            },
            Failure("shuts down", .closedByPeer(.request)) { try await $0.send([request, [0]]) },
            Failure("a second request", .unexpectedMessage(.request, "a second request")) {
                try await $0.send([request, request])
            },
            Failure("JSON", .unexpectedMessage(.request, "JSON")) {
                try await $0.send([request, [3, 0x7B, 0x7D]])
            },
            Failure("garbage", .cipher(.request, .authenticationFailed)) {
                try await $0.send([request])
                await room.asks.wait()
                try await $0.channel.send([UInt8](repeating: 7, count: 64))
            },
        ]
    }

    @Test("a client platform that speaks or goes away while the user is asked cancels the room", arguments: 0..<6)
    func whileAsked(index: Int) async throws {
        let room = ScriptedRoom { _ in nil }
        let failure = Self.interruptions(room)[index]
        await #expect(throws: failure.error) {
            try await HybridSessionFixture().withAuthenticator(room, client: failure.client)
        }
        #expect(room.isCancelled.isSet)
    }

    @Test("an update while the user is asked is ignored")
    func updateWhileAsked() async throws {
        let room = ScriptedRoom { _ in nil }
        await #expect(throws: HybridSessionError.closedByPeer(.request)) {
            try await HybridSessionFixture().withAuthenticator(room) { client in
                try await client.send([Self.request, [2, 0xA0]])
                await room.asks.wait()
                #expect(!room.isCancelled.isSet)
                client.channel.close()
            }
        }
    }

    @Test("requests reach the room untouched, responses the client platform; getInfo is not counted")
    func requests() async throws {
        let room = ScriptedRoom { request in
            request.command == .reset
                ? CTAPResponse(.operationDenied) : CTAPResponse(.success, data: request.parameters.reversed())
        }
        let log = EventLog()
        let statuses = try await HybridSessionFixture().withAuthenticator(room, log: log) { client in
            guard let (met, information) = try await client.meet() else { return }
            var cipher = met
            #expect(information == ScriptedRoom.information)
            for (request, response) in [
                ([1, 1, 2, 3], [1, 0, 3, 2]), ([2, 0xA0], []), ([1, 4], [1, 0] + ScriptedRoom.information),
                ([1, 7], [1, 0x27]), ([2, 0xA0], []), ([1, 0xBF, 0xFF], [1, 0, 0xFF]), ([0], []),
            ] as [([UInt8], [UInt8])] {
                try await client.channel.send(try cipher.seal(request))
                guard !response.isEmpty else { continue }
                #expect(try cipher.open(try await client.channel.receive() ?? []) == response)
            }
        }
        #expect(statuses == [.success, .operationDenied, .success])
        #expect(
            room.requests == [
                CTAPRequest(.makeCredential, parameters: [2, 3]), CTAPRequest(.reset),
                CTAPRequest(CTAPCommand(rawValue: 0xBF), parameters: [0xFF]),
            ])
        let info = ScriptedRoom.information.count
        #expect(
            log.words == [
                "advertising", "handshake", "makeCredential 3", "0 3", "getInfo 1", "0 \(info + 1)", "reset 1", "39 1",
                "command 0xbf 2", "0 2", "closed",
            ])
    }

    @Test(
        "once a client platform has its response it may close, vanish, fall silent or shut down",
        arguments: ["close", "vanish", "silence", "shutdown"])
    func afterResponse(ending: String) async throws {
        let clock = ManualClock()
        let log = EventLog()
        let statuses = try await HybridSessionFixture().withAuthenticator(.echo, clock: clock, log: log) { client in
            guard var (cipher, _) = try await client.meet() else { return }
            try await client.channel.send(try cipher.seal(Self.request))
            _ = try await client.channel.receive()
            await log.wait(for: "0 2")
            switch ending {
            case "close": client.channel.close()
            case "vanish": client.channel.breakOff()
            case "shutdown": try await client.channel.send(try cipher.seal([0]))
            default:
                await clock.sleepers()
                clock.advance(by: .seconds(120))
            }
        }
        #expect(statuses == [.success])
        #expect(log.words.last == "closed")
    }

    @Test("a shutdown instead of a request ends the session in order")
    func noRequest() async throws {
        let statuses = try await HybridSessionFixture().withAuthenticator(.echo) { try await $0.send([[0]]) }
        #expect(statuses.isEmpty)
    }

    @Test("the waits for message 1 and for the request have their limits")
    func timeouts() async throws {
        let fixture = try HybridSessionFixture()
        let clock = ManualClock()
        await #expect(throws: HybridSessionError.timedOut(.peer)) {
            try await fixture.withAuthenticator(.echo, clock: clock) { _ in
                await clock.sleepers()
                clock.advance(by: .seconds(180))
            }
        }
        await #expect(throws: HybridSessionError.timedOut(.request)) {
            try await fixture.withAuthenticator(.echo, clock: clock) { client in
                // The wait for message 1 is over when the post-handshake message has come.
                _ = try await client.meet()
                await clock.sleepers()
                clock.advance(by: .seconds(120))
            }
        }
    }

    @Test("a room that does not say what it can do is not advertised")
    func noInformation() async throws {
        let room = ScriptedRoom(info: CTAPResponse(.other)) { _ in nil }
        let log = EventLog()
        await #expect(throws: HybridSessionError.noAuthenticatorInfo(.other)) {
            try await HybridSessionFixture().withAuthenticator(room, log: log) { _ in }
        }
        #expect(log.words.isEmpty)
    }

    @Test("a radio that fails ends the wait for the client platform at once; one that just stops does not")
    func radio() async throws {
        let fixture = try HybridSessionFixture()
        let (near, far) = InMemoryChannel.pair()
        await #expect(throws: HybridSessionError.transport(.advertisement, "the radio is off; switch it on")) {
            try await fixture.authenticator(.echo, radio: BrokenRadio()).serve(over: near, routingID: .zero)
        }
        try await far.send([1])
        await #expect(throws: HybridSessionError.handshake(.wrongLength(1))) {
            try await fixture.authenticator(.echo, radio: RecordedRadio()).serve(over: near, routingID: .zero)
        }
    }

    @Test("a cancelled session ends at once and leaves nothing on the air", arguments: ["peer", "request", "room"])
    func cancellation(leg: String) async throws {
        let fixture = try HybridSessionFixture()
        let room = ScriptedRoom { _ in nil }
        let (near, far) = InMemoryChannel.pair()
        let radio = InProcessRadio()
        let session = Task {
            try await fixture.authenticator(room, radio: radio).serve(over: near, routingID: .zero)
        }
        let client = ScriptedClient(channel: far, radio: radio, key: fixture.key)
        switch leg {
        case "peer": _ = try await client.advertisement()
        case "request": _ = try await client.meet()
        default:
            try await client.send([Self.request])
            await room.asks.wait()
        }
        session.cancel()
        await #expect(throws: CancellationError.self) { try await session.value }
        #expect(radio.activity == (0, 0))
        #expect(room.isCancelled.isSet == (leg == "room"))
    }
}

extension CTAPAuthenticator where Self == ScriptedRoom {
    /// Answers every request with its own parameters.
    static var echo: ScriptedRoom { ScriptedRoom { CTAPResponse(.success, data: $0.parameters) } }
}
