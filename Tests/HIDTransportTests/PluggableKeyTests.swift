import CTAP
import CTAPHID
import HIDTransport
import TestSupport
import Testing

/// A pipe's end that tells each time the key is ready for another report, so that all before have been dealt with.
private struct ObservedChannel: HIDReportChannel {
    let reports: AsyncThrowingStream<HIDReport, any Error>
    /// One element for each time.
    let readings: AsyncStream<Void>
    private let base: InProcessHIDPipe.DeviceEnd

    init(_ base: InProcessHIDPipe.DeviceEnd) {
        self.base = base
        let (readings, reading) = AsyncStream<Void>.makeStream()
        self.readings = readings
        reports = AsyncThrowingStream {
            reading.yield()
            var iterator = base.reports.makeAsyncIterator()
            return try await iterator.next()
        }
    }

    func send(_ report: HIDReport) async throws { try await base.send(report) }
}

@Suite(.timeLimit(.minutes(1))) struct PluggableKeyTests {
    private let authenticator = ScriptedAuthenticator()

    /// Serves a key while the body plays the client and the hand that plugs.
    private func serve(
        isPlugged: Bool,
        _ body: @Sendable (Client, PluggableKey, inout AsyncStream<Void>.AsyncIterator) async throws -> Void
    ) async throws {
        let pipe = InProcessHIDPipe()
        let channel = ObservedChannel(pipe.deviceEnd)
        let key = PluggableKey(authenticator: authenticator, channel: channel, isPlugged: isPlugged)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await key.run() }
            var readings = channel.readings.makeAsyncIterator()
            try await body(Client(pipe.hostEnd), key, &readings)
            pipe.hostEnd.close()
            try await group.waitForAll()
        }
    }

    @Test("Plugged in, it is an authenticator like any other")
    func plugged() async throws {
        try await serve(isPlugged: true) { client, key, _ in
            try await client.open()
            key.setPlugged(true)
            try client.send(.cbor, [0x04, 0xAA], on: 1)
            var answer = try await client.hear()
            // The clock is a real one: on a busy machine there are keepalives.
            while answer == "00000001 3b 1 01" { answer = try await client.hear() }
            #expect(answer == "00000001 10 2 00aa")
        }
        #expect(authenticator.requests == [CTAPRequest(.getInfo, parameters: [0xAA])])
    }

    @Test("Beside the machine it hears and says nothing, and what was said then stays unanswered")
    func unplugged() async throws {
        try await serve(isPlugged: false) { client, key, readings in
            await readings.next()
            try client.send(.initialize, [9, 9, 9, 9, 9, 9, 9, 9], on: 0xFFFF_FFFF)
            // The report has been taken once the next one is asked for.
            await readings.next()
            key.setPlugged(false)
            key.setPlugged(true)
            try await client.open()
        }
    }

    @Test("Taken out it gives up what it is doing; plugged in again it has forgotten its channels")
    func replugged() async throws {
        try await serve(isPlugged: true) { client, key, _ in
            try await client.open()
            try await client.open(channel: 2)
            try client.send(.cbor, [0x01], on: 2)
            #expect(try await client.hear().hasPrefix("00000002 3b 1 "))
            key.setPlugged(false)
            key.setPlugged(true)
            // Keepalives that were on their way, and no answer of the old life, before the new one's first.
            try client.send(.initialize, [1, 2, 3, 4, 5, 6, 7, 8], on: 0xFFFF_FFFF)
            var answer = try await client.hear()
            while answer.hasPrefix("00000002 3b 1 ") { answer = try await client.hear() }
            #expect(answer == "ffffffff 06 17 01020304")
            #expect(authenticator.cancelledCount == 1)
            try client.send(.ping, [7], on: 2)
            #expect(try await client.hear() == "00000002 3f 1 0b")
            try client.send(.ping, [7], on: 1)
            #expect(try await client.hear() == "00000001 01 1 07")
        }
    }

    @Test("It can come and go many times", arguments: [1, 20])
    func often(count: Int) async throws {
        try await serve(isPlugged: false) { client, key, _ in
            for _ in 0..<count {
                key.setPlugged(true)
                try await client.open()
                key.setPlugged(false)
            }
        }
    }

    @Test("It ends with its channel, plugged in or not", arguments: [true, false])
    func end(isPlugged: Bool) async throws {
        try await serve(isPlugged: isPlugged) { _, _, _ in }
    }

    @Test("It ends with its task, in the middle of a request as well", arguments: [true, false])
    func cancellation(isBusy: Bool) async throws {
        let pipe = InProcessHIDPipe()
        let key = PluggableKey(authenticator: authenticator, channel: pipe.deviceEnd, isPlugged: isBusy)
        let client = Client(pipe.hostEnd)
        let task = Task { try await key.run() }
        if isBusy {
            try await client.open()
            try client.send(.cbor, [0x01], on: 1)
            #expect(try await client.hear().hasPrefix("00000001 3b 1 "))
        }
        task.cancel()
        try await task.value
        #expect(authenticator.cancelledCount == (isBusy ? 1 : 0))
    }
}
