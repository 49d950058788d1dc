import CTAP
import HybridProtocol
import TestSupport
import Testing

@testable import HybridTransport

/// The client platform's session against phones that follow a script.
@Suite(.timeLimit(.minutes(1))) struct HybridSessionClientTests {
    private static let request = CTAPRequest(.makeCredential, parameters: [0xA0])

    /// A way in which a phone fails, and what the session says.
    struct Failure: Sendable, CustomTestStringConvertible {
        let name: String
        let error: HybridSessionError
        let phone: @Sendable (ScriptedPhone) async throws -> Void

        init(
            _ name: String, _ error: HybridSessionError,
            phone: @escaping @Sendable (ScriptedPhone) async throws -> Void
        ) {
            self.name = name
            self.error = error
            self.phone = phone
        }

        var testDescription: String { name }
    }

    static let meetingFailures: [Failure] = [
        Failure("closes before the handshake", .closedByPeer(.handshake)) { $0.channel.close() },
        Failure("closes after message 1", .closedByPeer(.handshake)) {
            _ = try await $0.channel.receive()
            $0.channel.close()
        },
        Failure("is lost after message 1", .transport(.handshake, TunnelError.connectionLost.description)) {
            _ = try await $0.channel.receive()
            $0.channel.breakOff()
        },
        Failure("message 2 of 80 bytes", .handshake(.wrongLength(80))) {
            try await $0.channel.send(try await $0.answer().message2.dropLast())
        },
        Failure("message 2 of 82 bytes", .handshake(.wrongLength(82))) {
            try await $0.channel.send(try await $0.answer().message2 + [0])
        },
        Failure("message 2 without a point", .handshake(.invalidPublicKey)) {
            try await $0.channel.send([UInt8](repeating: 4, count: 81))
        },
        Failure("message 2 with a wrong tag", .handshake(.authenticationFailed)) {
            var message2 = try await $0.answer().message2
            message2[80] ^= 1
            try await $0.channel.send(message2)
        },
        Failure("closes after the handshake", .closedByPeer(.postHandshake)) {
            _ = try await $0.shakeHands()
            $0.channel.close()
        },
        Failure("garbage after the handshake", .cipher(.postHandshake, .authenticationFailed)) {
            _ = try await $0.shakeHands()
            try await $0.channel.send([UInt8](repeating: 7, count: 64))
        },
        Failure("a few bytes after the handshake", .cipher(.postHandshake, .tooShort)) {
            _ = try await $0.shakeHands()
            try await $0.channel.send([1, 2, 3])
        },
        Failure("a list after the handshake", .postHandshake(.notAMap)) {
            var cipher = try await $0.shakeHands()
            try await $0.channel.send(try cipher.seal([0x80]))
        },
        Failure("digital credentials only", .noCTAP) {
            var cipher = try await $0.shakeHands()
            let message = PostHandshakeMessage(getInfo: nil, features: [.digitalCredentials])
            try await $0.channel.send(try cipher.seal(message.encoded()))
        },
        Failure("no getInfo", .postHandshake(.getInfo)) {
            var cipher = try await $0.shakeHands()
            try await $0.channel.send(try cipher.seal([0xA0]))
        },
        Failure("a malformed getInfo", .malformedInfo) {
            var cipher = try await $0.shakeHands()
            try await $0.channel.send(try cipher.seal(PostHandshakeMessage(getInfo: [0xA0]).encoded()))
        },
        Failure("more messages than may wait", .unexpectedMessage(.handshake, "more messages than it may")) {
            $0.channel.breakOff(with: HybridDataChannelError.tooManyMessages)
        },
    ]

    @Test("a phone that fails before it can be asked ends the session with the leg's error", arguments: meetingFailures)
    func meeting(failure: Failure) async throws {
        let log = EventLog()
        await #expect(throws: failure.error) {
            try await HybridSessionFixture().withClient(log: log, phone: failure.phone) { _ in
                Issue.record("there is no phone")
            }
        }
        #expect(!log.words.contains("info") && !log.words.contains("closed"))
    }

    static let responseFailures: [Failure] = [
        Failure("closes", .closedByPeer(.response)) {
            try await $0.answerRequest(with: [])
            $0.channel.close()
        },
        Failure("is lost", .transport(.response, TunnelError.connectionLost.description)) {
            try await $0.answerRequest(with: [])
            $0.channel.breakOff()
        },
        Failure("shuts down", .closedByPeer(.response)) { try await $0.answerRequest(with: [[0]]) },
        Failure("JSON", .unexpectedMessage(.response, "JSON")) {
            try await $0.answerRequest(with: [[3] + Array("{}".utf8)])
        },
        Failure("no status", .message(.response, .emptyBody)) { try await $0.answerRequest(with: [[1]]) },
        Failure("an unknown type", .message(.response, .unknownType(9))) {
            try await $0.answerRequest(with: [[9, 1]])
        },
        Failure("an empty message", .message(.response, .empty)) { try await $0.answerRequest(with: [[]]) },
        Failure("an update that is no map", .message(.response, .updateNotAMap)) {
            try await $0.answerRequest(with: [[2, 0x80]])
        },
        Failure("garbage", .cipher(.response, .authenticationFailed)) {
            try await $0.answerRequest(with: [])
            try await $0.channel.send([UInt8](repeating: 7, count: 64))
        },
    ]

    @Test("a phone that fails when it is asked ends the session with the leg's error", arguments: responseFailures)
    func response(failure: Failure) async throws {
        await #expect(throws: failure.error) {
            try await HybridSessionFixture().withClient(phone: failure.phone) { phone in
                let response = await phone.respond(to: Self.request, in: CTAPRequestContext())
                #expect(response == CTAPResponse(.other))
                #expect(await phone.failure == failure.error)
                // The session is over.
                #expect(await phone.respond(to: Self.request, in: CTAPRequestContext()) == CTAPResponse(.other))
                // This error of the body gives way to the reason.
                throw CTAPClientError.status(response.status)
            }
        }
    }

    @Test(
        "what came before the request is not taken for its response, and the phone is not asked",
        arguments: [
            ([1, 0, 0xA0], .unexpectedMessage(.request, "an unsolicited response")),
            ([3] + Array("{}".utf8), .unexpectedMessage(.request, "JSON")), ([0], .closedByPeer(.request)),
            ([9, 1], .message(.request, .unknownType(9))),
        ] as [([UInt8], HybridSessionError)])
    func unsolicited(plaintext: [UInt8], error: HybridSessionError) async throws {
        let isSent = SharedFlag()
        await #expect(throws: error) {
            try await HybridSessionFixture().withClient(
                phone: { phone in
                    var cipher = try await phone.meet()
                    try await phone.channel.send(try cipher.seal([2, 0xA0]))
                    try await phone.channel.send(try cipher.seal(plaintext))
                    isSent.set()
                    // No request comes, only the end.
                    #expect(try await phone.channel.receive() == nil)
                },
                body: { phone in
                    await isSent.wait()
                    let response = await phone.respond(to: Self.request, in: CTAPRequestContext())
                    #expect(response == CTAPResponse(.other))
                    throw CTAPClientError.status(response.status)
                })
        }
    }

    @Test("updates are tolerated up to a bound", arguments: [0, 1, 16, 17])
    func updates(count: Int) async throws {
        let update: [UInt8] = [2, 0xA1, 0x01, 0xF6]
        let failure = try await HybridSessionFixture().withClient(
            phone: { phone in
                var cipher = try await phone.meet()
                // One comes unasked right after the handshake, as Android's does.
                if count > 0 { try await phone.channel.send(try cipher.seal(update)) }
                _ = try await phone.channel.receive()
                for _ in 0..<max(0, count - 1) { try await phone.channel.send(try cipher.seal(update)) }
                try await phone.channel.send(try cipher.seal([1, 0, 0xA0]))
            },
            body: { phone in
                let response = await phone.respond(to: Self.request, in: CTAPRequestContext())
                #expect(response == (count > 16 ? CTAPResponse(.other) : CTAPResponse(.success, data: [0xA0])))
                return await phone.failure
            })
        #expect(failure == (count > 16 ? .unexpectedMessage(.response, "too many updates") : nil))
    }

    @Test("what the body returned is not lost when the phone hangs up after its response, or failed later")
    func valueSurvives() async throws {
        let log = EventLog()
        let value = try await HybridSessionFixture().withClient(
            log: log,
            phone: { phone in
                try await phone.answerRequest(with: [[1, 0, 0xA0]])
                phone.channel.close()
            }
        ) { phone in
            let first = await phone.respond(to: Self.request, in: CTAPRequestContext())
            let second = await phone.respond(to: Self.request, in: CTAPRequestContext())
            return [first, second]
        }
        #expect(value == [CTAPResponse(.success, data: [0xA0]), CTAPResponse(.other)])
        #expect(log.words == ["handshake", "info", "makeCredential 2", "0 2", "closed"])
    }

    @Test("getInfo is answered from what the phone has said, and the session ends with a shutdown")
    func getInfo() async throws {
        try await HybridSessionFixture().withClient(phone: { phone in
            var cipher = try await phone.meet()
            // Nothing but the shutdown comes.
            #expect(try cipher.open(try await phone.channel.receive() ?? []) == [0])
            #expect(try await phone.channel.receive() == nil)
        }) { phone in
            let response = await phone.respond(to: CTAPRequest(.getInfo), in: CTAPRequestContext())
            #expect(response == CTAPResponse(.success, data: ScriptedRoom.information))
            #expect(phone.info.versions == ["FIDO_2_1"])
        }
    }

    @Test("while a request is under way another one is refused with CHANNEL_BUSY")
    func busy() async throws {
        let asked = SharedFlag()
        let refused = SharedFlag()
        try await HybridSessionFixture().withClient(phone: { phone in
            var cipher = try await phone.meet()
            _ = try await phone.channel.receive()
            asked.set()
            await refused.wait()
            try await phone.channel.send(try cipher.seal([1, 0x27]))
        }) { phone in
            async let first = phone.respond(to: Self.request, in: CTAPRequestContext())
            await asked.wait()
            #expect(await phone.respond(to: Self.request, in: CTAPRequestContext()) == CTAPResponse(.channelBusy))
            refused.set()
            #expect(await first == CTAPResponse(.operationDenied))
        }
    }

    @Test("after a cancelled request the phone is not asked again, as its response could be mistaken for another's")
    func cancelledRequest() async throws {
        let asked = SharedFlag()
        try await HybridSessionFixture().withClient(phone: { phone in
            _ = try await phone.meet()
            _ = try await phone.channel.receive()
            asked.set()
            // Neither another request nor a shutdown comes, only the end.
            #expect(try await phone.channel.receive() == nil)
        }) { phone in
            let request = Task { await phone.respond(to: Self.request, in: CTAPRequestContext()) }
            await asked.wait()
            request.cancel()
            #expect(await request.value == CTAPResponse(.keepaliveCancel))
            #expect(await phone.respond(to: Self.request, in: CTAPRequestContext()) == CTAPResponse(.other))
            #expect(await phone.failure == nil)
        }
    }

    @Test("messages of an older phone have no type, and it is not told of the shutdown")
    func withoutTypes() async throws {
        let response = try await HybridSessionFixture().withClient(phone: { phone in
            var cipher = try await phone.shakeHands()
            let map = PostHandshakeMessage(getInfo: ScriptedRoom.information).encoded()
            let zeros = 512 - map.count - 2
            let padding = [UInt8](repeating: 0, count: zeros) + [UInt8(zeros & 0xFF), UInt8(zeros >> 8)]
            try await phone.channel.send(try cipher.seal(map + padding))
            #expect(try cipher.open(try await phone.channel.receive() ?? []) == Self.request.message)
            try await phone.channel.send(try cipher.seal([0, 0xA0]))
            #expect(try await phone.channel.receive() == nil)
        }) { await $0.respond(to: Self.request, in: CTAPRequestContext()) }
        #expect(response == CTAPResponse(.success, data: [0xA0]))
    }

    @Test("each wait for the phone has its limit")
    func timeouts() async throws {
        let fixture = try HybridSessionFixture()
        let clock = ManualClock()
        // 1. Message 2.
        await #expect(throws: HybridSessionError.timedOut(.handshake)) {
            try await fixture.withClient(
                clock: clock,
                phone: { _ in
                    await clock.sleepers()
                    clock.advance(by: .seconds(30))
                }, body: { _ in })
        }
        // 2. The post-handshake message; the first wait is over once the handshake is.
        let log = EventLog()
        await #expect(throws: HybridSessionError.timedOut(.postHandshake)) {
            try await fixture.withClient(
                clock: clock, log: log,
                phone: { phone in
                    _ = try await phone.shakeHands()
                    await log.wait(for: "handshake")
                    await clock.sleepers()
                    clock.advance(by: .seconds(30))
                }, body: { _ in })
        }
        // 3. The response; a user may take longer.
        await #expect(throws: HybridSessionError.timedOut(.response)) {
            try await fixture.withClient(
                clock: clock,
                phone: { phone in
                    _ = try await phone.meet()
                    _ = try await phone.channel.receive()
                    await clock.sleepers()
                    clock.advance(by: .seconds(119))
                    await clock.sleepers()
                    clock.advance(by: .seconds(1))
                },
                body: { phone in
                    let response = await phone.respond(to: Self.request, in: CTAPRequestContext())
                    throw CTAPClientError.status(response.status)
                })
        }
    }

    @Test("a cancelled session ends at once, wherever it waits", arguments: ["msg2", "post", "response"])
    func cancellation(leg: String) async throws {
        let fixture = try HybridSessionFixture()
        let waits = SharedFlag()
        let session = Task {
            try await fixture.withClient(
                phone: { phone in
                    if leg == "msg2" { _ = try await phone.channel.receive() }
                    if leg == "post" { _ = try await phone.shakeHands() }
                    if leg == "response" {
                        _ = try await phone.meet()
                        _ = try await phone.channel.receive()
                    }
                    waits.set()
                    // This task is cancelled with the session.
                    while try await phone.channel.receive() != nil {}
                },
                body: { phone in
                    let response = await phone.respond(to: Self.request, in: CTAPRequestContext())
                    throw CTAPClientError.status(response.status)
                })
        }
        await waits.wait()
        session.cancel()
        await #expect(throws: CancellationError.self) { try await session.value }
    }
}
