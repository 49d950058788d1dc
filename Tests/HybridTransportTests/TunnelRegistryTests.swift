import HybridProtocol
import TestSupport
import Testing

@testable import TunnelService

@Suite struct TunnelRegistryTests {
    private var generator = SeededGenerator(seed: 1)

    private func registry(_ maximumCount: Int = 4) -> TunnelRegistry<Int> {
        TunnelRegistry(peerLimit: .seconds(180), maximumCount: maximumCount)
    }

    @Test("a tunnel is claimed once, with its routing identifier")
    mutating func claim() throws {
        var registry = registry()
        let routingID = try registry.open(.test(1), tunnel: 7, now: .zero, using: &generator)
        #expect(throws: TunnelRefusal.unknownTunnel) {
            try registry.claim(.test(2), routingID: routingID, now: .zero)
        }
        #expect(throws: TunnelRefusal.unknownTunnel) { try registry.claim(.test(1), routingID: .zero, now: .zero) }
        #expect(try registry.claim(.test(1), routingID: routingID, now: .seconds(179)) == 7)
        #expect(throws: TunnelRefusal.unknownTunnel) {
            try registry.claim(.test(1), routingID: routingID, now: .seconds(179))
        }
        #expect(registry.count == 0)
    }

    @Test("an identifier can be opened again only after it was claimed, removed or has expired")
    mutating func duplicates() throws {
        var registry = registry()
        let first = try registry.open(.test(1), tunnel: 1, now: .zero, using: &generator)
        #expect(throws: TunnelRefusal.duplicateTunnel) {
            try registry.open(.test(1), tunnel: 2, now: .seconds(179), using: &generator)
        }
        let second = try registry.open(.test(1), tunnel: 2, now: .seconds(180), using: &generator)
        #expect(first != second)
        // The first one's connection ends late: it must not take the second one with it.
        registry.remove(.test(1)) { $0 == 1 }
        #expect(registry.count == 1)
        registry.remove(.test(1)) { $0 == 2 }
        #expect(registry.count == 0)
        _ = try registry.open(.test(1), tunnel: 3, now: .seconds(180), using: &generator)
    }

    @Test("no client is let in once the time is up")
    mutating func expiry() throws {
        var registry = registry()
        let routingID = try registry.open(.test(1), tunnel: 1, now: .seconds(5), using: &generator)
        #expect(throws: TunnelRefusal.unknownTunnel) {
            try registry.claim(.test(1), routingID: routingID, now: .seconds(185))
        }
    }

    @Test("a full registry refuses until a place has expired")
    mutating func full() throws {
        var registry = registry(2)
        _ = try registry.open(.test(1), tunnel: 1, now: .zero, using: &generator)
        _ = try registry.open(.test(2), tunnel: 2, now: .seconds(60), using: &generator)
        #expect(throws: TunnelRefusal.tooManyTunnels) {
            try registry.open(.test(3), tunnel: 3, now: .seconds(179), using: &generator)
        }
        _ = try registry.open(.test(3), tunnel: 3, now: .seconds(180), using: &generator)
        #expect(registry.count == 2)
    }
}

@Suite struct TunnelTests {
    @Test("messages from before a writer is there are kept in order, up to a limit")
    func buffering() async throws {
        let tunnel = Tunnel(now: .zero)
        for number in 0..<UInt8(Tunnel.maximumWaitingMessages) {
            try await tunnel.relay([number], from: .client, now: .zero)
        }
        await #expect(throws: TunnelClosure.tooManyMessages) {
            try await tunnel.relay([99], from: .client, now: .zero)
        }
        let (stream, continuation) = AsyncStream<[UInt8]>.makeStream()
        try await tunnel.attach(.authenticator) { continuation.yield($0) }
        try await tunnel.relay([100], from: .client, now: .zero)
        continuation.finish()
        var written: [UInt8] = []
        for await message in stream { written += message }
        #expect(written == Array(0..<UInt8(Tunnel.maximumWaitingMessages)) + [100])
    }

    @Test("the deadline is the peer limit until a client comes, and moves with every message afterwards")
    func deadlines() async throws {
        let tunnel = Tunnel(now: .seconds(1))
        func deadline() -> Duration { tunnel.deadline(peerLimit: .seconds(180), idleLimit: .seconds(600)).moment }
        #expect(deadline() == .seconds(181))
        try await tunnel.relay([1], from: .authenticator, now: .seconds(20))
        #expect(deadline() == .seconds(181))
        tunnel.pair(now: .seconds(30))
        #expect(deadline() == .seconds(630))
        try await tunnel.relay([1], from: .authenticator, now: .seconds(40))
        #expect(deadline() == .seconds(640))
    }

    @Test("a side is told once why to close, also when it asks late")
    func closures() async {
        let tunnel = Tunnel(now: .zero)
        tunnel.close(.client, with: .peerVanished)
        tunnel.close(.client, with: .idle)
        #expect(await tunnel.closure(of: .client) == .peerVanished)
    }
}
