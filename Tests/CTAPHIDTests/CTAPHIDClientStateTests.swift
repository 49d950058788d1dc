import CTAPHID
import TestSupport
import Testing

@Suite struct CTAPHIDClientStateTests {
    private let now = ContinuousClock.Instant.now
    private let nonce: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]

    /// A client that has opened channel 5.
    private func opened() throws -> CTAPHIDClientState {
        var client = CTAPHIDClientState()
        #expect(try client.open(nonce: nonce, now: now) == [report("ffffffff 86 0008 0102030405060708")])
        let events = try client.receive(
            report("ffffffff 86 0011 0102030405060708 00000005 02 010203 0d"), now: now)
        guard case .opened(let reply) = events.first else {
            Issue.record("not opened: \(events)")
            return client
        }
        #expect(reply.channel == ChannelID(rawValue: 5))
        #expect(reply.version == CTAPHIDDeviceVersion(major: 1, minor: 2, build: 3))
        #expect(reply.capabilities == [.wink, .cbor, .noMessage])
        #expect(client.nextDeadline == nil)
        return client
    }

    @Test("an exchange with our own authenticator side", arguments: [1, 57, 58, 117, 7609])
    func exchange(count: Int) throws {
        var client = CTAPHIDClientState()
        var device = CTAPHIDAuthenticatorState()
        func deliver(_ reports: [HIDReport]) -> [CTAPHIDAuthenticatorAction] {
            reports.flatMap { device.receive($0, now: now) }
        }
        func hear(_ actions: [CTAPHIDAuthenticatorAction]) -> [CTAPHIDClientEvent] {
            actions.flatMap { action -> [CTAPHIDClientEvent] in
                if case .send(let report) = action { client.receive(report, now: now) } else { [] }
            }
        }
        _ = try hear(deliver(client.open(nonce: nonce, now: now)))
        var generator = SeededGenerator(seed: UInt64(count))
        let bytes = generator.bytes(count)
        let request = try CTAPHIDMessage(command: .cbor, bytes: bytes)
        guard case .begin(let transaction, let received) = try deliver(client.send(request, now: now)).first else {
            Issue.record("the request did not arrive")
            return
        }
        #expect(received == request)
        #expect(
            hear(device.update(.userPresenceNeeded, of: transaction, now: now)) == [.keepalive(.userPresenceNeeded)])
        #expect(deliver(client.cancel()) == [.cancel(transaction)])
        let answer = Array(bytes.reversed())
        #expect(
            try hear(device.respond(to: transaction, with: answer, now: now)) == [
                .response(CTAPHIDMessage(command: .cbor, bytes: answer))
            ])
        #expect(client.cancel().isEmpty)
    }

    @Test("another client's INIT reply is not ours")
    func foreignNonce() throws {
        var client = CTAPHIDClientState()
        _ = try client.open(nonce: nonce, now: now)
        #expect(try client.receive(report("ffffffff 86 0011 0908070605040302 00000005 02 000000 0d"), now: now).isEmpty)
        #expect(try client.receive(report("00000005 86 0011 0102030405060708 00000005 02 000000 0d"), now: now).isEmpty)
        #expect(client.initialization == nil)
        #expect(
            try client.receive(report("ffffffff 86 0012 0102030405060708 00000006 02 000000 0d 99"), now: now).count
                == 1)
        #expect(client.initialization?.channel == ChannelID(rawValue: 6))
    }

    @Test(
        "what a device may not say ends the exchange",
        arguments: [
            ("00000005 bf 0001 06", CTAPHIDError.device(.channelBusy)),
            ("00000005 bf 0000", .malformedReply),
            ("00000005 bb 0000", .malformedReply),
            ("00000005 81 0000", .unexpectedCommand(.ping)),
            ("00000005 90 1dba", .messageTooLong(byteCount: 7610)),
        ])
    func refused(hex: String, error: CTAPHIDError) throws {
        var client = try opened()
        _ = try client.send(CTAPHIDMessage(command: .cbor, bytes: [4]), now: now)
        #expect(try client.receive(report(hex), now: now) == [.failed(error)])
        #expect(client.nextDeadline == nil)
        #expect(try client.send(CTAPHIDMessage(command: .cbor, bytes: [4]), now: now).count == 1)
    }

    @Test("a short INIT reply is refused, an error reported")
    func refusedOpening() throws {
        var client = CTAPHIDClientState()
        _ = try client.open(nonce: nonce, now: now)
        #expect(
            try client.receive(report("ffffffff 86 0010 0102030405060708 00000005 02 000000"), now: now) == [
                .failed(.malformedReply)
            ])
        _ = try client.open(nonce: nonce, now: now)
        #expect(try client.receive(report("ffffffff bf 0001 06"), now: now) == [.failed(.device(.channelBusy))])
        #expect(throws: CTAPHIDError.nonceNotEightBytes) { try client.open(nonce: [1], now: now) }
    }

    @Test("packets out of order end the exchange")
    func sequence() throws {
        var client = try opened()
        _ = try client.send(CTAPHIDMessage(command: .cbor, bytes: [4]), now: now)
        #expect(try client.receive(report("00000005 00"), now: now).isEmpty)
        #expect(try client.receive(report("00000005 90 0100 00"), now: now).isEmpty)
        #expect(try client.receive(report("00000005 01"), now: now) == [.failed(.unexpectedSequence(1))])
    }

    @Test("one request at a time, on an open channel")
    func order() throws {
        var client = CTAPHIDClientState()
        let message = try CTAPHIDMessage(command: .ping, bytes: [])
        #expect(throws: CTAPHIDError.notOpen) { try client.send(message, now: now) }
        client = try opened()
        _ = try client.send(message, now: now)
        #expect(throws: CTAPHIDError.requestInProgress) { try client.send(message, now: now) }
        #expect(client.cancel().isEmpty)
    }

    @Test("a silent device is given up, one that sends keepalives is not")
    func timeout() throws {
        var client = try opened()
        _ = try client.send(CTAPHIDMessage(command: .cbor, bytes: [4]), now: now)
        #expect(client.advance(to: now + .milliseconds(2999)).isEmpty)
        #expect(try client.receive(report("00000005 bb 0001 01"), now: now + .seconds(2)) == [.keepalive(.processing)])
        #expect(client.advance(to: now + .milliseconds(4999)).isEmpty)
        #expect(client.advance(to: now + .seconds(5)) == [.failed(.timedOut)])
    }

    @Test("random reports never trap", arguments: 0..<10)
    func fuzz(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var client = try opened()
        for _ in 0..<1000 {
            _ = try? client.send(CTAPHIDMessage(command: .cbor, bytes: [4]), now: now)  // busy is as good here
            var bytes = generator.bytes(64)
            bytes.replaceSubrange(0..<4, with: [0, 0, 0, 5])
            if generator.next() % 2 == 0 {
                bytes.replaceSubrange(4..<7, with: [0x90, 0, UInt8(generator.next() % 90)])
            }
            if generator.next() % 4 == 0 { bytes[4] = UInt8(generator.next() % 2) }
            _ = try client.receive(#require(HIDReport(bytes: bytes)), now: now)
        }
    }
}
