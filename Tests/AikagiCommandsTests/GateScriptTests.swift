import SoftwareAuthenticator
import Testing

@testable import AikagiCommands

@Suite(.timeLimit(.minutes(1))) struct GateScriptTests {
    static let answers: [(String, GateAnswer?)] = [
        ("approve", GateAnswer("approve")), ("  deny ", GateAnswer("deny")), ("", nil), ("approve now", nil),
        ("finger", nil), ("sample", nil), ("sample fine", nil), ("delay", nil), ("delay x approve", nil),
        ("delay -1 deny", nil), ("delay 3601 deny", nil), ("maybe", nil), ("sample Good", nil),
    ]

    @Test("An answer is a word or a few", arguments: answers)
    func answer(text: String, expected: GateAnswer?) {
        #expect(GateAnswer(text) == expected)
        #expect(expected != nil || GateAnswer(text) == nil)
    }

    @Test("Answers stand for decisions")
    func decisions() {
        #expect(GateAnswer("approve")?.decision == .approved)
        #expect(GateAnswer("fail")?.decision == .verificationFailed)
        #expect(GateAnswer("ignore")?.decision == .some(.none))
        #expect(GateAnswer("finger left thumb")?.decision == .finger("left thumb"))
        #expect(GateAnswer("sample too-high")?.decision == .sample(.tooHigh, finger: ""))
        #expect(GateAnswer("sample good left thumb")?.decision == .sample(.good, finger: "left thumb"))
        #expect(GateAnswer("brief-touch")?.decision == .briefTouch)
        #expect(GateAnswer("delay 1.5 deny")?.delay == .milliseconds(1500))
        #expect(GateAnswer("delay 2")?.decision == .approved)
        #expect(Set(GateAnswer.samples.map(\.status)) == Set(SampleStatus.allCases))
    }

    private func decisions(_ text: String, count: Int) async throws -> [UserDecision] {
        let gate = ScriptGate(try GateScript(text))
        var decisions: [UserDecision] = []
        for _ in 0..<count {
            decisions.append(await gate.decide(UserRequest(.selection, needsVerification: true)))
        }
        return decisions
    }

    @Test("A script goes on with its last answer, or begins anew")
    func order() async throws {
        #expect(try await decisions("approve\ndeny", count: 4) == [.approved, .denied, .denied, .denied])
        #expect(
            try await decisions("# first\nfail 2 # twice\n#\u{FE0F}\u{20E3} a keycap\n\napprove\nrepeat\n", count: 7)
                == [
                    .verificationFailed, .verificationFailed, .approved, .verificationFailed, .verificationFailed,
                    .approved, .verificationFailed,
                ])
        #expect(
            try await decisions("finger 3\nfinger left 2", count: 3) == [
                .finger("3"), .finger("left"), .finger("left"),
            ])
    }

    @Test("Line ends of another system, and a byte order mark, are no part of an answer")
    func foreignLines() async throws {
        #expect(try await decisions("\u{FEFF}approve\r\ndeny\r\n", count: 3) == [.approved, .denied, .denied])
    }

    @Test(
        "A wrong line is named",
        arguments: [
            ("approve\nperhaps", "line 2"), ("", "no answer"), ("# nothing", "no answer"), ("repeat", "line 1"),
            ("deny\nrepeat\ndeny", "line 3"), ("deny\r\nperhaps\r\n", "line 2"), ("fail 0", "line 1"),
        ])
    func wrong(text: String, part: String) {
        do throws(CommandFailure) {
            _ = try GateScript(text)
            Issue.record("\(text) was taken")
        } catch {
            #expect("\(error)".contains(part))
        }
    }
}
