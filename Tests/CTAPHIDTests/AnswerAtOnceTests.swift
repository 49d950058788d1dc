import CTAPHID
import TestSupport
import Testing

@Suite("Requests that are answered in the step that takes them")
struct AnswerAtOnceTests {
    @Test("whatever has happened before, the answer is the one that two steps give")
    func likeTwoSteps() throws {
        var generator = SeededGenerator(seed: 3)
        var answered = 0
        for _ in 0..<300 {
            var device = Device(
                configuration: .init(
                    capabilities: Bool.random(using: &generator) ? [.cbor] : [.wink, .cbor],
                    adoptsEveryChannel: Bool.random(using: &generator)))
            try device.open(2)
            for _ in 0..<Int.random(in: 0..<8, using: &generator) {
                device.now += .milliseconds(Int.random(in: 0..<800, using: &generator))
                let report = try AnswerAtOnceTests.report(using: &generator)
                let answer = [0] + generator.bytes(Int.random(in: 0..<200, using: &generator))
                var other = device.state
                let atOnce = device.state.answer(report, now: { device.now }) { $0.bytes + answer }
                let actions = other.receive(report, now: device.now)
                if let atOnce {
                    answered += 1
                    guard actions.count == 1, case .begin(let transaction, let message)? = actions.first else {
                        Issue.record("\(report) began with \(actions)")
                        continue
                    }
                    let answers = other.respond(
                        to: transaction, with: message.bytes + answer, now: device.now)
                    #expect(answers == atOnce.map(CTAPHIDAuthenticatorAction.send))
                } else if actions.count == 1, case .begin(_, let message)? = actions.first, message.command == .cbor {
                    // Only whole requests are answered, and none on a channel that is still to be adopted.
                    #expect(!report.holdsWholeMessage || report.channel == ChannelID(rawValue: 7))
                }
                device.state = other
            }
        }
        #expect(answered > 100)
    }

    @Test("an answer that is too long is left to the step that says so")
    func tooLong() throws {
        var device = Device()
        try device.open()
        let request = try CTAPHIDTests.report("00000001 90 0001 04")
        let length = CTAPHIDMessage.maximumByteCount
        let longest = device.state.answer(request, now: { .now }) { _ in [UInt8](repeating: 0, count: length) }
        #expect(longest?.count == 129)
        #expect(device.state.answer(request, now: { .now }) { _ in [UInt8](repeating: 0, count: length + 1) } == nil)
    }

    /// A report of a kind that matters here, on one of four channels.
    private static func report(using generator: inout SeededGenerator) throws -> HIDReport {
        let channel = ["00000001", "00000002", "00000007", "ffffffff"].randomElement(using: &generator) ?? ""
        let rest = [
            "90 0001 04", "90 0039 04", "90 003a 04", "90 0000", "81 0001 04", "84 0001 05", "84 0001 00",
            "91 0000", "00 1234", "83 0001 04", "86 0008 \(Device.nonce)", "90 0001 04", "90 0001 04",
        ].randomElement(using: &generator)
        return try CTAPHIDTests.report("\(channel) \(rest ?? "")")
    }
}
