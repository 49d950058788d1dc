import CTAP
import CTAPHID
import TestSupport
import Testing

@testable import HIDTransport

@Suite(.timeLimit(.minutes(1))) struct CTAPHIDServerTests {
    private let authenticator = ScriptedAuthenticator()

    /// Serves the authenticator while the body plays the client.
    private func serve(
        clock: ManualClock = ManualClock(), _ body: @Sendable (Client, InProcessHIDPipe) async throws -> Void
    ) async throws {
        let pipe = InProcessHIDPipe()
        let server = CTAPHIDServer(authenticator: authenticator, channel: pipe.deviceEnd, clock: clock)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            let client = Client(pipe.hostEnd)
            try await client.open()
            try await body(client, pipe)
            pipe.hostEnd.close()
            try await group.waitForAll()
        }
    }

    @Test("a request reaches the authenticator with its channel, and its answer the client")
    func request() async throws {
        try await serve { client, _ in
            try client.send(.cbor, [0x04, 0xAA, 0xBB], on: 1)
            #expect(try await client.hear() == "00000001 10 3 00aabb")
        }
        #expect(authenticator.requests == [CTAPRequest(.getInfo, parameters: [0xAA, 0xBB])])
        #expect(authenticator.channels == [1])
    }

    @Test("long messages pass in both directions")
    func longMessage() async throws {
        try await serve { client, _ in
            let bytes = [UInt8](repeating: 7, count: 7608)
            try client.send(.cbor, [0x04] + bytes, on: 1)
            #expect(try await client.hear() == "00000001 10 7609 00070707")
            for sequence in 0..<128 {
                guard case .continuation(_, UInt8(sequence), _) = try await client.receive() else {
                    Issue.record("continuation \(sequence) is missing")
                    return
                }
            }
        }
    }

    @Test("the user's turn is announced at once and repeated until the answer comes")
    func keepalive() async throws {
        let clock = ManualClock()
        try await serve(clock: clock) { client, _ in
            try client.send(.cbor, [0x01], on: 1)
            #expect(try await client.hear() == "00000001 3b 1 02")
            await clock.sleepers()
            clock.advance(by: .milliseconds(100))
            #expect(try await client.hear() == "00000001 3b 1 02")
            authenticator.approve()
            #expect(try await client.hear() == "00000001 10 2 00a0")
        }
    }

    @Test("CANCEL cancels the task, and the answer is CTAP2_ERR_KEEPALIVE_CANCEL")
    func cancel() async throws {
        try await serve { client, _ in
            try client.send(.cbor, [0x01], on: 1)
            #expect(try await client.hear() == "00000001 3b 1 02")
            try client.send(.cancel, [], on: 1)
            #expect(try await client.hear() == "00000001 10 1 2d")
            try client.send(.cbor, [0x04, 0xCC], on: 1)
            #expect(try await client.hear() == "00000001 10 2 00cc")
        }
        #expect(authenticator.cancelledCount == 1)
    }

    @Test("INIT on the executing channel cancels the task without an answer")
    func resynchronise() async throws {
        try await serve { client, _ in
            try client.send(.cbor, [0x01], on: 1)
            #expect(try await client.hear() == "00000001 3b 1 02")
            try client.send(.initialize, [9, 9, 9, 9, 9, 9, 9, 9], on: 1)
            #expect(try await client.hear() == "00000001 06 17 09090909")
            try client.send(.cbor, [0x04, 0xDD], on: 1)
            #expect(try await client.hear() == "00000001 10 2 00dd")
        }
        #expect(authenticator.cancelledCount == 1)
    }

    @Test("an unfinished message is given up after half a second")
    func timeout() async throws {
        let clock = ManualClock()
        try await serve(clock: clock) { client, _ in
            let reports = try CTAPHIDMessage(command: .cbor, bytes: Array(repeating: 1, count: 100))
                .reports(on: ChannelID(rawValue: 1))
            try client.end.write(#require(reports.first))
            await clock.sleepers()
            clock.advance(by: .milliseconds(500))
            #expect(try await client.hear() == "00000001 3f 1 05")
        }
    }

    @Test("WINK is refused by a server that cannot, and carried out by one that can", arguments: [false, true])
    func wink(isPossible: Bool) async throws {
        let pipe = InProcessHIDPipe()
        let (winks, winker) = AsyncStream.makeStream(of: Void.self)
        let wink: @Sendable () -> Void = { _ = winker.yield() }
        let server = CTAPHIDServer(
            authenticator: authenticator, channel: pipe.deviceEnd, clock: ManualClock(),
            wink: isPossible ? wink : nil)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            let client = Client(pipe.hostEnd)
            try await client.open()
            try client.send(.wink, [], on: 1)
            let answer = try await client.hear()
            #expect(answer == (isPossible ? "00000001 08 0 " : "00000001 3f 1 01"))
            pipe.hostEnd.close()
            try await group.waitForAll()
        }
        winker.finish()
        var count = 0
        for await _ in winks { count += 1 }
        #expect(count == (isPossible ? 1 : 0))
    }

    @Test("An authenticator that speaks CTAP1 is given MSG, and NMSG is absent; another one says NMSG and is not asked")
    func message() async throws {
        try await serve { client, _ in
            try client.send(.message, [0, 3, 0, 0], on: 1)
            #expect(try await client.hear() == "00000001 3f 1 01")
        }
        let pipe = InProcessHIDPipe()
        let server = CTAPHIDServer(
            authenticator: ScriptedCTAP1Authenticator(), channel: pipe.deviceEnd, clock: ManualClock())
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            let client = Client(pipe.hostEnd)
            #expect(try await client.open() == [.cbor])
            try client.send(.message, [0, 3, 0, 0], on: 1)
            #expect(try await client.hear() == "00000001 03 6 00030000")
            try client.send(.message, [], on: 1)
            #expect(try await client.hear() == "00000001 3f 1 03")
            try client.send(.cbor, [0x04, 0xAA], on: 1)
            #expect(try await client.hear() == "00000001 10 2 00aa")
            pipe.hostEnd.close()
            try await group.waitForAll()
        }
    }

    @Test("closing the channel cancels what is executed and ends the server")
    func close() async throws {
        try await serve { client, _ in
            try client.send(.cbor, [0x01], on: 1)
            #expect(try await client.hear() == "00000001 3b 1 02")
        }
        #expect(authenticator.cancelledCount == 1)
    }

    @Test("cancelling the server closes the pipe, so that no thread waits for ever")
    func cancelServer() async throws {
        let pipe = InProcessHIDPipe()
        let server = CTAPHIDServer(authenticator: authenticator, channel: pipe.deviceEnd, clock: ManualClock())
        let client = Client(pipe.hostEnd)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            try await client.open()
            group.cancelAll()
            try await group.waitForAll()
        }
        await #expect(throws: HIDPipeError.closed) { try await client.receive() }
        #expect(throws: HIDPipeError.closed) { try client.send(.ping, [], on: 1) }
    }

    @Test("a channel that breaks ends the server with its error, and what is executed")
    func brokenChannel() async throws {
        let (reports, feed) = AsyncThrowingStream.makeStream(of: HIDReport.self)
        let server = CTAPHIDServer(
            authenticator: authenticator, channel: OneWayChannel(reports: reports), clock: ManualClock())
        for bytes in [[0xFF, 0xFF, 0xFF, 0xFF, 0x86, 0, 8], [0, 0, 0, 1, 0x90, 0, 1, 1]] as [[UInt8]] {
            feed.yield(try #require(HIDReport(bytes: bytes + [UInt8](repeating: 0, count: 64 - bytes.count))))
        }
        feed.finish(throwing: HIDPipeError.full)
        await #expect(throws: HIDPipeError.full) { try await server.run() }
    }

    @Test("a client that does not read is not read from either, and gets everything in order once it reads")
    func slowClient() async throws {
        let (reports, feed) = AsyncThrowingStream.makeStream(of: HIDReport.self)
        let channel = GatedChannel(reports: reports)
        let server = CTAPHIDServer(authenticator: authenticator, channel: channel, clock: ManualClock())
        let ping: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0x86, 0, 8]
        for number in 0..<20 as Range<UInt8> {
            let bytes = ping + [UInt8](repeating: number, count: 8)
            feed.yield(try #require(HIDReport(bytes: bytes + [UInt8](repeating: 0, count: 64 - bytes.count))))
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            var sent = channel.sent.makeAsyncIterator()
            for number in 0..<20 as Range<UInt8> {
                #expect(await sent.next()?.bytes[7] == number)
                channel.gate.set()
            }
            feed.finish()
            try await group.waitForAll()
        }
    }

    @Test("a flood of pings is answered in order")
    func flood() async throws {
        try await serve { client, _ in
            for number in 0..<500 { try client.send(.ping, [UInt8(number % 256)], on: 1) }
            for number in 0..<500 {
                #expect(try await client.hear() == "00000001 01 1 \([UInt8(number % 256)].hex)")
            }
        }
    }
}

/// A channel whose other side is never heard of again.
private struct OneWayChannel: HIDReportChannel {
    let reports: AsyncThrowingStream<HIDReport, any Error>

    func send(_ report: HIDReport) async throws {}
}

/// A channel that sends one report each time its gate opens.
private final class GatedChannel: HIDReportChannel {
    let reports: AsyncThrowingStream<HIDReport, any Error>
    let sent: AsyncStream<HIDReport>
    let gate = Signal()
    private let outlet: AsyncStream<HIDReport>.Continuation

    init(reports: AsyncThrowingStream<HIDReport, any Error>) {
        self.reports = reports
        (sent, outlet) = AsyncStream.makeStream(of: HIDReport.self)
    }

    func send(_ report: HIDReport) async throws {
        outlet.yield(report)
        await gate.wait()
    }
}
