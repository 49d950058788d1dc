import HybridProtocol
import HybridTransport
import TestSupport
import Testing

@testable import TunnelService

@Suite(.timeLimit(.minutes(1))) struct TunnelServerRelayTests {
    private typealias Frame = RawConnection.Frame

    /// A phone and a client that have met.
    private func withTunnel(
        _ adjust: (inout TunnelServerConfiguration) -> Void = { _ in },
        body: (_ phone: RawConnection, _ client: RawConnection) async throws -> Void
    ) async throws {
        try await TunnelServerHarness.run(adjust) { harness in
            try await harness.withRawConnection { phone in
                let opened = try await phone.open(.new(.test(1)))
                let routingID = try #require(RoutingID(hexadecimal: opened.headers["x-cable-routing-id"] ?? ""))
                try await harness.withRawConnection { client in
                    #expect(try await client.open(.connect(routingID, .test(1))).status == 101)
                    try await body(phone, client)
                }
            }
        }
    }

    @Test("messages go both ways verbatim, up to the limit", arguments: [1, 125, 126, 65_535, 65_536, (1 << 20) + 64])
    func verbatim(count: Int) async throws {
        var generator = SeededGenerator(seed: UInt64(count))
        let message = generator.bytes(count)
        let answer = generator.bytes(count)
        try await withTunnel { phone, client in
            try await client.send(2, message)
            #expect(try await phone.frame() == Frame(opcode: 2, payload: message))
            try await phone.send(2, answer)
            #expect(try await client.frame() == Frame(opcode: 2, payload: answer))
        }
    }

    @Test("fragments arrive as one message, also with a ping between them")
    func fragments() async throws {
        try await withTunnel { phone, client in
            try await client.send(2, [1, 2], isFinal: false)
            try await client.send(9, [7])
            try await client.send(0, [], isFinal: false)
            try await client.send(0, [3])
            #expect(try await phone.frame() == Frame(opcode: 2, payload: [1, 2, 3]))
            #expect(try await client.frame() == Frame(opcode: 10, payload: [7]))
        }
    }

    @Test("what a phone says before there is a client is kept")
    func early() async throws {
        try await TunnelServerHarness.run { harness in
            try await harness.withRawConnection { phone in
                let opened = try await phone.open(.new(.test(1)))
                let routingID = try #require(RoutingID(hexadecimal: opened.headers["x-cable-routing-id"] ?? ""))
                try await phone.send(2, [1])
                try await phone.send(2, [2])
                try await harness.withRawConnection { client in
                    _ = try await client.open(.connect(routingID, .test(1)))
                    #expect(try await client.frame() == Frame(opcode: 2, payload: [1]))
                    #expect(try await client.frame() == Frame(opcode: 2, payload: [2]))
                }
            }
        }
    }

    @Test("too much said to nobody ends the tunnel with 1008")
    func tooEarly() async throws {
        try await TunnelServerHarness.run { harness in
            try await harness.withRawConnection { phone in
                _ = try await phone.open(.new(.test(1)))
                for number in 0...UInt8(Tunnel.maximumWaitingMessages) { try await phone.send(2, [number]) }
                #expect(try await phone.frame() == .close(1008, TunnelClosure.tooManyMessages.reason))
            }
        }
    }

    @Test(
        "a frame that breaks the rules closes its sender with the rule's code and the peer with 1008",
        arguments: [
            (1, [0x61], true, true, 0, 1003), (2, [], true, true, 0, 1002), (0, [1], true, true, 0, 1002),
            (3, [1], true, true, 0, 1002), (2, [1], true, false, 0, 1002), (2, [1], true, true, 0x40, 1002),
            (9, [1], false, true, 0, 1002), (9, [UInt8](repeating: 0, count: 126), true, true, 0, 1002),
            (2, [UInt8](repeating: 0, count: (1 << 20) + 65), true, true, 0, 1009),
        ] as [(UInt8, [UInt8], Bool, Bool, UInt8, UInt16)])
    func violations(
        opcode: UInt8, payload: [UInt8], isFinal: Bool, isMasked: Bool, reserved: UInt8, code: UInt16
    ) async throws {
        try await withTunnel { phone, client in
            try await client.send(opcode, payload, isFinal: isFinal, isMasked: isMasked, reserved: reserved)
            let told = try #require(try await client.frame())
            #expect(told.opcode == 8 && told.payload.prefix(2) == [UInt8(code >> 8), UInt8(code & 0xFF)])
            #expect(try await phone.frame() == .close(1008, TunnelClosure.peerError.reason))
        }
    }

    @Test("fragments that are together too long are refused with 1009")
    func longFragments() async throws {
        try await withTunnel { phone, client in
            let half = [UInt8](repeating: 1, count: 1 << 19)
            try await client.send(2, half, isFinal: false)
            try await client.send(0, half, isFinal: false)
            try await client.send(0, [UInt8](repeating: 1, count: 65))
            #expect(try await client.frame()?.payload.prefix(2) == [0x03, 0xF1])
            #expect(try await phone.frame() == .close(1008, TunnelClosure.peerError.reason))
        }
    }

    @Test(
        "a clean close is echoed and closes the peer with 1000",
        arguments: [[0x03, 0xE8], [0x0F, 0xA0], []] as [[UInt8]])
    func cleanClose(payload: [UInt8]) async throws {
        try await withTunnel { phone, client in
            try await phone.send(8, payload)
            let echo: [UInt8] = payload.isEmpty ? [0x03, 0xE8] : payload
            #expect(try await phone.frame() == Frame(opcode: 8, payload: echo))
            #expect(try await client.frame() == .close(1000, TunnelClosure.peerClosed.reason))
            // On a busy machine the server may have given the echo up by now.
            try? await client.send(8, [0x03, 0xE8])
            #expect(try await client.frame() == nil)
        }
    }

    @Test("a peer that vanishes closes the other with 1001")
    func vanishes() async throws {
        try await TunnelServerHarness.run { harness in
            try await harness.withRawConnection { phone in
                let opened = try await phone.open(.new(.test(1)))
                let routingID = try #require(RoutingID(hexadecimal: opened.headers["x-cable-routing-id"] ?? ""))
                try await harness.withRawConnection { client in
                    _ = try await client.open(.connect(routingID, .test(1)))
                }
                #expect(try await phone.frame() == .close(1001, TunnelClosure.peerVanished.reason))
            }
        }
    }

    @Test("a phone waits 180 s for a client")
    func peerLimit() async throws {
        let clock = ManualClock()
        try await TunnelServerHarness.run({ $0.clock = clock }) { harness in
            try await harness.withRawConnection { phone in
                let opened = try await phone.open(.new(.test(1)))
                let routingID = try #require(RoutingID(hexadecimal: opened.headers["x-cable-routing-id"] ?? ""))
                // The answer to a ping says that the handshake, which has a limit of its own, is over for the server too.
                try await phone.send(9, [1])
                #expect(try await phone.frame()?.opcode == 10)
                clock.advance(by: .seconds(179))
                try await phone.send(9, [2])
                #expect(try await phone.frame()?.opcode == 10)
                clock.advance(by: .seconds(1))
                #expect(try await phone.frame() == .close(1008, TunnelClosure.noClient.reason))
                let late = try await harness.withRawConnection {
                    try await $0.open(.connect(routingID, .test(1))).status
                }
                #expect(late == 404)
            }
        }
    }

    @Test("a tunnel may be silent for 600 s after its last message")
    func idleLimit() async throws {
        let clock = ManualClock()
        try await withTunnel({ $0.clock = clock }) { phone, client in
            try await client.send(2, [1])
            #expect(try await phone.frame()?.payload == [1])
            clock.advance(by: .seconds(599))
            try await phone.send(2, [2])
            #expect(try await client.frame()?.payload == [2])
            clock.advance(by: .seconds(599))
            try await phone.send(9, [])
            #expect(try await phone.frame()?.opcode == 10)
            clock.advance(by: .seconds(1))
            #expect(try await phone.frame() == .close(1008, TunnelClosure.idle.reason))
            #expect(try await client.frame() == .close(1008, TunnelClosure.idle.reason))
        }
    }

    @Test("a connection that says nothing is closed after 30 s")
    func handshakeLimit() async throws {
        let clock = ManualClock()
        try await TunnelServerHarness.run({ $0.clock = clock }) { harness in
            try await harness.withRawConnection { peer in
                await clock.sleepers()
                clock.advance(by: .seconds(30))
                await peer.end()
            }
        }
    }

    @Test("a graceful shutdown is told to both ends with 1001 and leaves no socket")
    func shutdown() async throws {
        var ended: TunnelServerHarness?
        try await TunnelServerHarness.run { harness in
            ended = harness
            try await harness.withRawConnection { waiting in
                _ = try await waiting.open(.new(.test(2)))
                // The answer to a ping says that the server has gone on from the handshake to the tunnel.
                try await waiting.send(9, [1])
                #expect(try await waiting.frame()?.opcode == 10)
                try await harness.withRawConnection { silent in
                    await harness.shutDown()
                    let told = try await waiting.frame()
                    #expect(told == .close(1001, TunnelClosure.shutdown.reason))
                    let afterwards = try await waiting.frame()
                    #expect(afterwards == nil)
                    await silent.end()
                }
            }
        }
        // Only now: while the server closes its connections it may be listening still.
        let harness = try #require(ended)
        await #expect(throws: (any Error).self) { try await harness.withRawConnection { await $0.end() } }
    }

    @Test("a connection that comes during a graceful shutdown is closed", arguments: 0..<20)
    func lateConnections(round: Int) async throws {
        try await TunnelServerHarness.run { harness in
            await withTaskGroup { group in
                for _ in 0..<16 {
                    // Not accepted any more, or accepted and closed: both end the task.
                    group.addTask { try? await harness.withPlainConnection { await $0.end() } }
                }
                for _ in 0..<round { await Task.yield() }
                await harness.shutDown()
            }
        }
    }
}
