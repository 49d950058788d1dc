import CTAPHID
import TestSupport
import Testing

/// One test per clause of the state machine that the conformance suites agree on; clause numbers as in the code.
@Suite struct CTAPHIDAuthenticatorStateTests {
    private let nonce = Device.nonce

    /// The INIT reply behind channel and command: nonce, allocated channel, versions, capabilities.
    private func reply(_ channel: String) -> String { "\(nonce)\(channel)020100000d" }

    @Test(
        "1: an idle device ignores continuations and never speaks",
        arguments: ["00000000", "00000001", "00000099", "ffffffff"])
    func idle(channel: String) throws {
        var device = Device()
        try device.open()
        #expect(try device.receive("\(channel) 00 1234").isEmpty)
        #expect(device.wait(60_000).isEmpty)
        #expect(device.state.nextDeadline == nil)
    }

    @Test(
        "2: channel 0 and broadcast know no command but INIT",
        arguments: ["81", "83", "84", "88", "90", "91", "a0", "bb", "bf", "c0"])
    func noChannel(command: String) throws {
        var device = Device()
        #expect(try device.receive("00000000 \(command) 0000") == ["00000000 bf 0b"])
        #expect(try device.receive("ffffffff \(command) 0000") == ["ffffffff bf 0b"])
        #expect(try device.receive("00000000 86 0008 \(nonce)") == ["00000000 bf 0b"])
    }

    @Test("3: INIT on broadcast allocates channels that are all different")
    func initialize() throws {
        var device = Device()
        for channel in ["00000001", "00000002", "00000003"] {
            #expect(try device.receive("ffffffff 86 0008 \(nonce)") == ["ffffffff 86 \(reply(channel))"])
        }
    }

    @Test("3: INIT of a wrong size is refused", arguments: ["0000", "0007", "0009", "1db9", "ffff"])
    func initializeWithWrongSize(size: String) throws {
        var device = Device()
        try device.open()
        #expect(try device.receive("ffffffff 86 \(size) \(nonce)") == ["ffffffff bf 03"])
        #expect(try device.receive("00000001 86 \(size) \(nonce)") == ["00000001 bf 03"])
    }

    @Test("3: numbers that are no channels and numbers that clients brought along are never handed out")
    func allocation() throws {
        var device = Device(configuration: .init(firstChannel: ChannelID(rawValue: 0xFFFF_FFFC)))
        _ = try device.receive("fffffffd 86 0008 \(nonce)")
        #expect(try device.receive("ffffffff 86 0008 \(nonce)") == ["ffffffff 86 \(reply("fffffffc"))"])
        #expect(try device.receive("ffffffff 86 0008 \(nonce)") == ["ffffffff 86 \(reply("fffffffe"))"])
        #expect(try device.receive("ffffffff 86 0008 \(nonce)") == ["ffffffff bf 7f"])
        #expect(try device.receive("fffffffc 81 0000") == ["fffffffc 81 "])
    }

    @Test("4: INIT on any channel resynchronises it, even one that was never allocated")
    func resynchronise() throws {
        var device = Device()
        #expect(try device.receive("11223344 86 0008 \(nonce)") == ["11223344 86 \(reply("11223344"))"])
        #expect(try device.receive("11223344 81 0001 aa") == ["11223344 81 aa"])
    }

    @Test("5: another command on an unallocated channel is refused when idle")
    func unallocated() throws {
        var device = Device()
        #expect(try device.receive("11223344 81 0000") == ["11223344 bf 0b"])
    }

    @Test("5: … unless every channel is adopted; the two numbers that are no channels never are")
    func adopted() throws {
        var device = Device(configuration: .init(adoptsEveryChannel: true))
        #expect(try device.receive("00000000 81 0000") == ["00000000 bf 0b"])
        #expect(try device.receive("ffffffff 81 0000") == ["ffffffff bf 0b"])
        #expect(try device.receive("11223344 00 1234").isEmpty)
        #expect(try device.receive("11223344 81 0001 aa") == ["11223344 81 aa"])
        #expect(try device.receive("11223345 90 0001 04") == ["begin 11223345 04"])
        #expect(try device.receive("11223346 81 0000") == ["11223346 bf 06"])
        // Nobody who comes later is refused for those who came before.
        device = Device(configuration: .init(adoptsEveryChannel: true))
        for number in 0..<600 {
            let channel = [0x50, 0, UInt8(number >> 8), UInt8(number & 0xFF)].hex
            #expect(try device.receive("\(channel) 81 0001 aa") == ["\(channel) 81 aa"])
        }
    }

    @Test("5, 6: while another channel speaks, every channel is told to wait")
    func busyWhileReceiving() throws {
        var device = Device()
        try device.open(2)
        #expect(try device.receive("00000001 81 0040 aa").isEmpty)
        #expect(try device.receive("00000002 81 0000") == ["00000002 bf 06"])
        #expect(try device.receive("11223344 81 0000") == ["11223344 bf 06"])
        #expect(try device.receive("ffffffff 86 0008 \(nonce)") == ["ffffffff 86 \(reply("00000003"))"])
        #expect(try device.receive("00000002 86 0008 \(nonce)") == ["00000002 86 \(reply("00000002"))"])
        #expect(try device.receive("00000002 00 ffff").isEmpty)
        #expect(try device.receive("00000001 00 bb") == ["00000001 81 …64", "continuation 0000000100"])
    }

    @Test("6: while a request is executed, INIT is answered and everything else told to wait")
    func busyWhileExecuting() throws {
        var device = Device()
        try device.open(2)
        #expect(try device.receive("00000001 90 0001 04") == ["begin 00000001 04"])
        #expect(try device.receive("ffffffff 86 0008 \(nonce)") == ["ffffffff 86 \(reply("00000003"))"])
        for command in ["81", "83", "90", "88", "a0"] {
            #expect(try device.receive("00000002 \(command) 0001 04") == ["00000002 bf 06"])
            #expect(try device.receive("11223344 \(command) 0001 04") == ["11223344 bf 06"])
        }
        #expect(device.state.executing?.channel == ChannelID(rawValue: 1))
    }

    @Test("7: INIT within a message of the same channel ends it and is answered")
    func initializeWithinMessage() throws {
        var device = Device()
        try device.open()
        #expect(try device.receive("00000001 81 0040 aa").isEmpty)
        #expect(try device.receive("00000001 86 0008 \(nonce)") == ["00000001 86 \(reply("00000001"))"])
        #expect(try device.receive("00000001 00 bb").isEmpty)
        #expect(device.wait(1000).isEmpty)
    }

    @Test("7: any other new message within a message ends it", arguments: ["81", "83", "84", "88", "90", "91", "a0"])
    func newMessageWithinMessage(command: String) throws {
        var device = Device()
        try device.open()
        #expect(try device.receive("00000001 81 0040 aa").isEmpty)
        #expect(try device.receive("00000001 \(command) 0001 04") == ["00000001 bf 04"])
        #expect(try device.receive("00000001 00 bb").isEmpty)
        #expect(try device.receive("00000001 81 0000") == ["00000001 81 "])
    }

    @Test("7: a wrong sequence number ends the message", arguments: ["01", "02", "7f"])
    func wrongSequence(sequence: String) throws {
        var device = Device()
        try device.open()
        #expect(try device.receive("00000001 81 0100 aa").isEmpty)
        #expect(try device.receive("00000001 \(sequence) bb") == ["00000001 bf 04"])
        #expect(try device.receive("00000001 00 bb").isEmpty)
    }

    @Test("8: a message that announces more than 7609 bytes is refused at once", arguments: ["1dba", "ffff"])
    func tooLong(size: String) throws {
        var device = Device()
        try device.open()
        #expect(try device.receive("00000001 81 \(size) aa") == ["00000001 bf 03"])
        #expect(try device.receive("00000001 00 aa").isEmpty)
    }

    @Test("9: half a second of silence within a message is reported, counted from its last packet")
    func timeout() throws {
        var device = Device()
        try device.open()
        #expect(try device.receive("00000001 81 0100 aa").isEmpty)
        #expect(device.wait(400).isEmpty)
        #expect(try device.receive("00000001 00 bb").isEmpty)
        #expect(device.wait(499).isEmpty)
        #expect(device.state.nextDeadline == device.now + .milliseconds(1))
        #expect(device.wait(1) == ["00000001 bf 05"])
        #expect(device.wait(1000).isEmpty)
    }

    @Test("9: a packet that comes too late finds its message gone")
    func late() throws {
        var device = Device()
        try device.open()
        #expect(try device.receive("00000001 81 0040 aa").isEmpty)
        device.now += .milliseconds(501)
        #expect(try device.receive("00000001 00 bb") == ["00000001 bf 05"])
    }

    @Test(
        "10: what is not implemented is refused",
        arguments: ["80", "82", "83", "85", "87", "a0", "bb", "bf", "c0", "e6", "ff"])
    func unknownCommand(command: String) throws {
        var device = Device()
        try device.open()
        #expect(try device.receive("00000001 \(command) 0001 01") == ["00000001 bf 01"])
    }

    @Test("10: WINK is answered exactly when the capability says so")
    func wink() throws {
        var device = Device()
        try device.open()
        #expect(try device.receive("00000001 88 0000") == ["wink", "00000001 88 "])
        #expect(try device.receive("00000001 88 0001 00") == ["00000001 bf 03"])
        var other = Device(configuration: .init(capabilities: [.cbor, .noMessage]))
        try other.open()
        #expect(try other.receive("00000001 88 0000") == ["00000001 bf 01"])
    }

    @Test("11: keepalives come promptly, then every 100 ms, and at once when the status changes")
    func keepalives() throws {
        var device = Device()
        try device.open()
        #expect(try device.receive("00000001 90 0001 04") == ["begin 00000001 04"])
        let transaction = try #require(device.state.executing)
        #expect(device.wait(49).isEmpty)
        #expect(device.wait(1) == ["00000001 bb 01"])
        #expect(device.wait(99).isEmpty)
        #expect(device.wait(1) == ["00000001 bb 01"])
        #expect(
            device.state.update(.userPresenceNeeded, of: transaction, now: device.now).map(Device.short)
                == ["00000001 bb 02"])
        #expect(device.state.update(.userPresenceNeeded, of: transaction, now: device.now).isEmpty)
        #expect(device.wait(100) == ["00000001 bb 02"])
        #expect(device.wait(1000) == ["00000001 bb 02"])
        #expect(
            device.state.respond(to: transaction, with: [0], now: device.now).map(Device.short) == ["00000001 90 00"])
        #expect(device.wait(1000).isEmpty)
        #expect(device.state.update(.processing, of: transaction, now: device.now).isEmpty)
    }

    @Test("11: an empty CBOR message is refused")
    func emptyCBOR() throws {
        var device = Device()
        try device.open()
        #expect(try device.receive("00000001 90 0000") == ["00000001 bf 03"])
    }

    @Test("10, 11: MSG is executed exactly when NMSG is absent, answered as MSG, and refused when it is empty")
    func message() throws {
        var device = Device(configuration: .init(capabilities: [.wink, .cbor]))
        #expect(
            try device.receive("ffffffff 86 0008 \(nonce)") == ["ffffffff 86 \(nonce)000000010201000005"])
        #expect(try device.receive("00000001 83 0000") == ["00000001 bf 03"])
        #expect(try device.receive("00000001 83 0004 00030000") == ["begin 00000001 00030000"])
        let transaction = try #require(device.state.executing)
        #expect(device.wait(50) == ["00000001 bb 01"])
        #expect(
            device.state.respond(to: transaction, with: [0x90, 0x00], now: device.now).map(Device.short)
                == ["00000001 83 9000"])
    }

    @Test("12: CANCEL does not affect MSG, INIT ends it")
    func cancelledMessage() throws {
        var device = Device(configuration: .init(capabilities: [.wink, .cbor]))
        try device.open()
        #expect(try device.receive("00000001 83 0004 00030000") == ["begin 00000001 00030000"])
        #expect(try device.receive("00000001 91 0000").isEmpty)
        #expect(try device.receive("00000001 86 0008 \(nonce)").first == "cancel 00000001")
        #expect(device.state.executing == nil)
    }

    @Test("12: CANCEL asks once, and only on the channel whose request is executed")
    func cancel() throws {
        var device = Device()
        try device.open(2)
        #expect(try device.receive("00000001 91 0000").isEmpty)
        #expect(try device.receive("00000001 90 0001 01") == ["begin 00000001 01"])
        let transaction = try #require(device.state.executing)
        #expect(try device.receive("00000002 91 0000").isEmpty)
        #expect(try device.receive("11223344 91 0000").isEmpty)
        #expect(try device.receive("00000001 91 0000") == ["cancel 00000001"])
        #expect(try device.receive("00000001 91 0000").isEmpty)
        #expect(
            device.state.respond(to: transaction, with: [0x2D], now: device.now).map(Device.short) == ["00000001 90 2d"]
        )
        #expect(try device.receive("00000001 91 0000").isEmpty)
    }

    @Test("13: a lock makes every other channel wait, INIT included, until it is released or over")
    func lock() throws {
        var device = Device()
        try device.open(2)
        #expect(try device.receive("00000001 84 0001 02") == ["00000001 84 "])
        #expect(try device.receive("00000002 81 0000") == ["00000002 bf 06"])
        #expect(try device.receive("00000002 86 0008 \(nonce)") == ["00000002 bf 06"])
        #expect(try device.receive("ffffffff 86 0008 \(nonce)") == ["ffffffff bf 06"])
        #expect(try device.receive("11223344 81 0000") == ["11223344 bf 06"])
        #expect(try device.receive("00000002 91 0000").isEmpty)
        #expect(try device.receive("00000001 81 0001 aa") == ["00000001 81 aa"])
        #expect(device.wait(1999).isEmpty)
        #expect(try device.receive("00000002 81 0000") == ["00000002 bf 06"])
        #expect(device.wait(1).isEmpty)
        #expect(try device.receive("00000002 81 0000") == ["00000002 81 "])
        #expect(try device.receive("00000002 84 0001 0a") == ["00000002 84 "])
        #expect(try device.receive("00000002 84 0001 00") == ["00000002 84 "])
        #expect(try device.receive("00000001 81 0000") == ["00000001 81 "])
    }

    @Test(
        "13: wrong locks are refused",
        arguments: [("0001 0b", "02"), ("0001 ff", "02"), ("0000", "03"), ("0002 0101", "03")])
    func wrongLock(payload: String, error: String) throws {
        var device = Device()
        try device.open()
        #expect(try device.receive("00000001 84 \(payload)") == ["00000001 bf \(error)"])
    }

    @Test("14: INIT on the executing channel aborts the request, and its late answer goes nowhere")
    func abort() throws {
        var device = Device()
        try device.open()
        #expect(try device.receive("00000001 90 0001 01") == ["begin 00000001 01"])
        let aborted = try #require(device.state.executing)
        #expect(try device.receive("00000001 81 0000") == ["00000001 bf 06"])
        #expect(
            try device.receive("00000001 86 0008 \(nonce)")
                == ["cancel 00000001", "00000001 86 \(reply("00000001"))"])
        #expect(try device.receive("00000001 90 0001 02") == ["begin 00000001 02"])
        #expect(device.state.respond(to: aborted, with: [0x2D], now: device.now).isEmpty)
        let current = try #require(device.state.executing)
        #expect(
            device.state.respond(to: current, with: [0, 1], now: device.now).map(Device.short) == ["00000001 90 0001"])
    }

    @Test("an answer that is too long becomes an error")
    func longAnswer() throws {
        var device = Device()
        try device.open()
        _ = try device.receive("00000001 90 0001 04")
        let transaction = try #require(device.state.executing)
        let bytes = [UInt8](repeating: 0, count: 7610)
        #expect(
            device.state.respond(to: transaction, with: bytes, now: device.now).map(Device.short) == ["00000001 bf 7f"])
    }

    @Test("random reports never trap, and the device stays responsive", arguments: 0..<20)
    func fuzz(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var device = Device(configuration: .init(capabilities: seed % 2 == 0 ? [.wink, .cbor] : [.cbor, .noMessage]))
        try device.open(3)
        for _ in 0..<2000 {
            var bytes = generator.bytes(64)
            // Mostly a known channel, and mostly a known command, so that the interesting states are reached.
            if generator.next() % 8 != 0 { bytes.replaceSubrange(0..<4, with: [0, 0, 0, UInt8(generator.next() % 5)]) }
            switch generator.next() % 4 {
            case 0: bytes[4] = UInt8(generator.next() % 3)
            case 1, 2: bytes[4] = [0x81, 0x83, 0x84, 0x86, 0x88, 0x90, 0x91, 0xBB][Int(generator.next() % 8)]
            default: break
            }
            if generator.next() % 2 == 0 { bytes.replaceSubrange(5..<7, with: [0, UInt8(generator.next() % 128)]) }
            let received = try #require(HIDReport(bytes: bytes))
            _ = device.state.receive(received, now: device.now)
            if generator.next() % 4 == 0 { _ = device.wait(Int(generator.next() % 700)) }
            if generator.next() % 4 == 0, let transaction = device.state.executing {
                let answer = generator.bytes(Int(generator.next() % 300))
                _ = device.state.respond(to: transaction, with: answer, now: device.now)
            }
        }
        if let transaction = device.state.executing {
            #expect(device.state.respond(to: transaction, with: [0x2D], now: device.now).count == 1)
        }
        _ = device.wait(11_000)
        let answer = try #require(device.receive("ffffffff 86 0008 \(nonce)").first)
        #expect(answer.hasPrefix("ffffffff 86 \(nonce)"))
    }
}
