import CTAPHID
import TestSupport
import Testing

/// Packets of several messages and channels between each other (CTAP 2.3 §11.2.5).
@Suite struct CTAPHIDTransactionTests {
    private let nonce = Device.nonce

    @Test("a PING of any length comes back as it was", arguments: [0, 1, 57, 58, 116, 117, 7608, 7609])
    func ping(count: Int) throws {
        var device = Device()
        try device.open()
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        let reports = try CTAPHIDMessage(command: .ping, bytes: bytes).reports(on: ChannelID(rawValue: 1))
        var answer: [HIDReport] = []
        for (index, report) in reports.enumerated() {
            let actions = device.state.receive(report, now: device.now)
            #expect(actions.isEmpty == (index < reports.count - 1))
            answer += actions.compactMap { if case .send(let report) = $0 { report } else { nil } }
        }
        #expect(answer == reports)
    }

    @Test(
        "what is on other channels leaves an unfinished message as it is",
        arguments: [
            ("00000000 81 0001 aa", "00000000 bf 0b"), ("ffffffff 90 0001 04", "ffffffff bf 0b"),
            ("ffffffff 86 0007 01020304050607", "ffffffff bf 03"),
            ("00000002 86 0009 0102030405060708", "00000002 bf 03"),
            ("ffffffff 86 1dba 0102030405060708", "ffffffff bf 03"), ("00000002 81 1dba aa", "00000002 bf 06"),
            ("11223344 91 0000", nil), ("00000002 91 0000", nil), ("00000002 00 cc", nil), ("00000002 01 cc", nil),
            ("00000000 00 cc", nil), ("ffffffff 00 cc", nil), ("00000002 a0 0000", "00000002 bf 06"),
            ("00000002 84 0001 01", "00000002 bf 06"), ("00000002 90 0000", "00000002 bf 06"),
        ] as [(String, String?)])
    func interleaved(packet: String, answer: String?) throws {
        var device = Device()
        try device.open(2)
        #expect(try device.receive("00000001 81 0080 aa").isEmpty)
        #expect(try device.receive(packet) == (answer.map { [$0] } ?? []))
        #expect(try device.receive("00000001 00 bb").isEmpty)
        #expect(try device.receive(packet) == (answer.map { [$0] } ?? []))
        #expect(try device.receive("00000001 01 cc").first == "00000001 81 …128")
    }

    @Test(
        "an INIT of the wrong length ends the message of its own channel, whose rest is ignored",
        arguments: ["0000", "0007", "0009", "0040", "1dba"])
    func wrongInitialization(size: String) throws {
        var device = Device()
        try device.open()
        #expect(try device.receive("00000001 81 0040 aa").isEmpty)
        #expect(try device.receive("00000001 86 \(size) \(nonce)") == ["00000001 bf 03"])
        #expect(try device.receive("00000001 00 bb").isEmpty)
        #expect(device.wait(1000).isEmpty)
        #expect(try device.receive("00000001 81 0000") == ["00000001 81 "])
    }

    @Test(
        "sequence numbers go up from 0, one by one: any other ends the message, also one that comes twice",
        arguments: [("00", "00"), ("00", "02"), ("00", "7f"), ("01", nil), ("7f", nil)] as [(String, String?)])
    func sequence(first: String, second: String?) throws {
        var device = Device()
        try device.open()
        #expect(try device.receive("00000001 81 0100 aa").isEmpty)
        if let second {
            #expect(try device.receive("00000001 \(first) bb").isEmpty)
            #expect(try device.receive("00000001 \(second) cc") == ["00000001 bf 04"])
        } else {
            #expect(try device.receive("00000001 \(first) bb") == ["00000001 bf 04"])
        }
        #expect(try device.receive("00000001 01 dd").isEmpty)
        #expect(device.wait(1000).isEmpty)
    }

    @Test("what is complete has no time-out, and what follows its last packet is ignored")
    func complete() throws {
        var device = Device()
        try device.open()
        #expect(try device.receive("00000001 81 0040 aa").isEmpty)
        #expect(try device.receive("00000001 00 bb").count == 2)
        #expect(try device.receive("00000001 01 cc").isEmpty)
        #expect(device.wait(1000).isEmpty)
    }

    @Test("each packet of a long message has half a second; the channel can be used again after a time-out")
    func slow() throws {
        var device = Device()
        try device.open(2)
        #expect(try device.receive("00000001 81 1db9 aa").isEmpty)
        for sequence in 0..<20 as Range<UInt8> {
            #expect(device.wait(499).isEmpty)
            #expect(try device.receive("00000001 \([sequence].hex) bb").isEmpty)
        }
        #expect(device.wait(500) == ["00000001 bf 05"])
        for channel in ["00000001", "00000002"] {
            #expect(try device.receive("\(channel) 81 0001 aa") == ["\(channel) 81 aa"])
        }
    }

    @Test("a message that comes too late on another channel is answered, once the unfinished one is given up")
    func lateMessage() throws {
        var device = Device()
        try device.open(2)
        #expect(try device.receive("00000001 81 0040 aa").isEmpty)
        device.now += .milliseconds(500)
        #expect(try device.receive("00000002 81 0001 aa") == ["00000001 bf 05", "00000002 81 aa"])
    }

    @Test(
        "CANCEL says nothing, whatever it carries, and leaves the device as it was",
        arguments: ["0000", "0001", "1dba"])
    func cancel(size: String) throws {
        var device = Device()
        try device.open(2)
        #expect(try device.receive("00000001 91 \(size) aa").isEmpty)
        #expect(try device.receive("00000001 00 bb").isEmpty)
        #expect(device.wait(1000).isEmpty)
        #expect(try device.receive("00000001 90 0001 01") == ["begin 00000001 01"])
        #expect(try device.receive("00000002 91 \(size) aa").isEmpty)
        #expect(try device.receive("ffffffff 91 \(size) aa") == ["ffffffff bf 0b"])
        #expect(try device.receive("00000001 91 \(size) aa") == ["cancel 00000001"])
    }

    @Test("a keepalive goes to the channel that waits, whoever else speaks, until the answer", arguments: [1, 2])
    func keepalives(channel: UInt32) throws {
        var device = Device()
        try device.open(2)
        #expect(try device.receive("0000000\(channel) 90 0001 01") == ["begin 0000000\(channel) 01"])
        let transaction = try #require(device.state.executing)
        var keepalives = 0
        for _ in 0..<100 {
            #expect(try device.receive("0000000\(3 - channel) 81 0000") == ["0000000\(3 - channel) bf 06"])
            let actions = device.wait(10)
            #expect(actions.allSatisfy { $0 == "0000000\(channel) bb 01" })
            keepalives += actions.count
        }
        // One after 50 ms, then one each 100 ms.
        #expect(keepalives == 10)
        _ = device.state.respond(to: transaction, with: [0], now: device.now)
        #expect(device.wait(1000).isEmpty)
    }
}
