import CTAPHID
import TestSupport
import Testing

@Suite struct CTAPHIDMessageTests {
    @Test("a report has exactly 64 bytes", arguments: [0, 1, 63, 65, 128])
    func wrongReportSize(count: Int) {
        #expect(HIDReport(bytes: Array(repeating: 0, count: count)) == nil)
    }

    @Test("an initialization packet has fixed bytes")
    func initializationPacket() throws {
        let packet = CTAPHIDPacket.initialization(
            channel: ChannelID(rawValue: 0x1122_3344), command: .cbor, byteCount: 0x0102, data: [0xAA, 0xBB])
        let expected = try report("11223344 90 0102 aabb")
        #expect(packet.report == expected)
        guard case .initialization(_, .cbor, 0x0102, let data) = CTAPHIDPacket(expected) else {
            Issue.record("not an initialization packet")
            return
        }
        #expect(data == [0xAA, 0xBB] + Array(repeating: 0, count: 55))
    }

    @Test("a continuation packet has fixed bytes")
    func continuationPacket() throws {
        let packet = CTAPHIDPacket.continuation(channel: ChannelID(rawValue: 1), sequence: 0x7F, data: [0xCC])
        #expect(packet.report == (try report("00000001 7f cc")))
        #expect(CTAPHIDPacket(packet.report).report == packet.report)
    }

    @Test("every report is a packet, and parsing and encoding change nothing that counts")
    func everyReportParses() throws {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<2000 {
            let packet = try CTAPHIDPacket(#require(HIDReport(bytes: generator.bytes(64))))
            #expect(CTAPHIDPacket(packet.report) == packet)
        }
    }

    @Test(
        "a message is split and assembled again",
        arguments: [(0, 1), (1, 1), (56, 1), (57, 1), (58, 2), (116, 2), (117, 3), (2048, 35), (7609, 129)])
    func roundTrip(count: Int, packets: Int) throws {
        var generator = SeededGenerator(seed: UInt64(count))
        let bytes = generator.bytes(count)
        var device = Device()
        try device.open()
        let ping = try CTAPHIDMessage(command: .ping, bytes: bytes)
        let reports = ping.reports(on: ChannelID(rawValue: 1))
        #expect(reports.count == packets)
        var answer: [HIDReport] = []
        for report in reports {
            #expect(answer.isEmpty)
            for case .send(let report) in device.state.receive(report, now: device.now) { answer.append(report) }
        }
        #expect(answer == reports)
    }

    @Test("a message of more than 7609 bytes is refused", arguments: [7610, 70_000])
    func tooLong(count: Int) {
        #expect(throws: CTAPHIDError.messageTooLong(byteCount: count)) {
            try CTAPHIDMessage(command: .ping, bytes: Array(repeating: 0, count: count))
        }
    }

    @Test("a command has seven bits")
    func command() {
        #expect(CTAPHIDCommand(rawValue: 0x90) == .cbor)
        #expect(CTAPHIDCommand(rawValue: 0x10) == .cbor)
    }

    @Test("every error is a sentence")
    func descriptions() {
        let errors: [CTAPHIDError] = [
            .messageTooLong(byteCount: 1), .nonceNotEightBytes, .notOpen, .requestInProgress, .device(.other),
            .unexpectedCommand(.ping), .unexpectedSequence(1), .malformedReply, .timedOut,
        ]
        #expect(Set(errors.map(\.description)).count == errors.count)
    }
}
