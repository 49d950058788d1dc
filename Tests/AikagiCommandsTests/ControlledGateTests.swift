import SoftwareAuthenticator
import TestSupport
import Testing

@testable import AikagiCommands

@Suite(.timeLimit(.minutes(1))) struct ControlledGateTests {
    private let clock = ManualClock()
    private static let request = UserRequest(.selection, needsVerification: true)

    private func gate(usually usual: any BiometricGate = IgnoringGate()) -> ControlledGate {
        ControlledGate(usually: usual, clock: clock)
    }

    private func answers(_ texts: String...) throws -> [GateAnswer] {
        try texts.flatMap { try #require(GateAnswer.repeated($0)) }
    }

    /// Waits until a gate asks so many questions that nobody has answered.
    private func asked(_ count: Int, by gate: ControlledGate) async {
        while gate.questions.count != count { await Task.yield() }
    }

    @Test("Whom nobody tells does as usual, at once if they can")
    func usual() async {
        let gate = gate(usually: ApprovingGate())
        #expect(gate.immediateDecision(Self.request) == .approved)
        #expect(await gate.decide(Self.request) == .approved)
        #expect(self.gate().immediateDecision(Self.request) == nil)
    }

    @Test("Answers given in advance are taken in their order, before what is usual")
    func inAdvance() async throws {
        let gate = gate(usually: ApprovingGate())
        #expect(gate.tell(try answers("fail 2", "finger left thumb")))
        #expect(gate.answers.map(\.words) == ["fail", "fail", "finger left thumb"])
        #expect(gate.immediateDecision(Self.request) == .verificationFailed)
        #expect(await gate.decide(Self.request) == .verificationFailed)
        #expect(gate.immediateDecision(Self.request) == .finger("left thumb"))
        #expect(gate.answers.isEmpty)
        #expect(gate.immediateDecision(Self.request) == .approved)
    }

    @Test("An answer goes to the question that waits, the rest to those that come")
    func waiting() async throws {
        let gate = gate()
        let told = try answers("deny", "fail")
        await withTaskGroup(of: UserDecision.self) { group in
            group.addTask { await gate.decide(Self.request) }
            await asked(1, by: gate)
            #expect(gate.questions == [Self.request])
            #expect(gate.tell(told))
            #expect(await group.next() == .denied)
        }
        #expect(gate.questions.isEmpty)
        #expect(gate.answers.map(\.words) == ["fail"])
        #expect(await gate.decide(Self.request) == .verificationFailed)
    }

    @Test("Delays go by the key's clock; a question that was answered waits for nobody else")
    func delayed() async throws {
        let gate = gate()
        #expect(gate.tell(try answers("delay 5 finger thumb")))
        #expect(gate.immediateDecision(Self.request) == nil)
        await withTaskGroup(of: UserDecision.self) { group in
            group.addTask { await gate.decide(Self.request) }
            await clock.sleepers()
            #expect(gate.questions.isEmpty)
            clock.advance(by: .seconds(5))
            #expect(await group.next() == .finger("thumb"))
        }
    }

    @Test("Once told, the person no longer does as usual, however long the answer takes")
    func toldInsteadOfUsual() async throws {
        let gate = gate(usually: DelayedGate(after: .seconds(10), clock: clock, then: ApprovingGate()))
        let late = try answers("delay 20 deny")
        await withTaskGroup(of: UserDecision?.self) { group in
            group.addTask { await gate.decide(Self.request) }
            await clock.sleepers()
            #expect(gate.tell(late))
            group.addTask { [clock] in
                while !Task.isCancelled {
                    clock.advance(by: .seconds(1))
                    await Task.yield()
                }
                return nil
            }
            #expect(await group.next() == .denied)
            group.cancelAll()
        }
    }

    @Test("What is said for always answers what waits and all that follow, and clears what was said before")
    func always() async throws {
        let gate = gate()
        let (told, deny) = (try answers("ignore", "fail 3"), try #require(GateAnswer("deny")))
        await withTaskGroup(of: UserDecision.self) { group in
            group.addTask { await gate.decide(Self.request) }
            await asked(1, by: gate)
            #expect(gate.tell(told))
            gate.tell(always: deny)
            // It was told to ignore the question before.
            #expect(gate.questions.isEmpty)
            group.cancelAll()
            #expect(await group.next() == .timedOut)
        }
        #expect(gate.answers.isEmpty)
        #expect(gate.immediateDecision(Self.request) == .denied)
        #expect(await gate.decide(Self.request) == .denied)
        let (ignore, approve) = (try #require(GateAnswer("ignore")), try #require(GateAnswer("approve")))
        await withTaskGroup(of: UserDecision.self) { group in
            gate.tell(always: ignore)
            group.addTask { await gate.decide(Self.request) }
            await asked(1, by: gate)
            gate.tell(always: approve)
            #expect(await group.next() == .approved)
        }
    }

    @Test("A question that is withdrawn leaves nothing behind")
    func withdrawn() async throws {
        let gate = gate()
        await withTaskGroup(of: UserDecision.self) { group in
            group.addTask { await gate.decide(Self.request) }
            await asked(1, by: gate)
            group.cancelAll()
            #expect(await group.next() == .timedOut)
        }
        #expect(gate.questions.isEmpty)
        #expect(gate.tell(try answers("deny")))
        #expect(await gate.decide(Self.request) == .denied)
    }

    @Test("Answers in advance have a limit, and are taken all or none")
    func limit() throws {
        let gate = gate()
        #expect(gate.tell(try answers("approve 1000")))
        #expect(!gate.tell(try answers("deny")))
        #expect(gate.answers.count == 1000)
    }

    static let texts = [
        "approve", "deny", "fail", "ignore", "brief-touch", "finger left thumb", "sample too-high",
        "sample good left thumb", "delay 1.5 deny", "delay 20.0 finger 3",
    ]

    @Test("Answers turn into words and back", arguments: texts)
    func words(text: String) throws {
        let answer = try #require(GateAnswer(text))
        #expect(GateAnswer(answer.words) == answer)
        #expect(answer.words == text)
    }

    @Test(
        "Events call decisions by one word, fingers and samples as a script does",
        arguments: [
            (UserDecision.approved, "approved"), (.denied, "denied"), (.verificationFailed, "verificationFailed"),
            (.timedOut, "timedOut"), (.briefTouch, "briefTouch"), (.finger("left thumb"), "finger left thumb"),
            (.sample(.tooHigh, finger: ""), "sample too-high"), (.sample(.good, finger: "nose"), "sample good nose"),
        ])
    func decisions(decision: UserDecision, word: String) { #expect(decision.word == word) }

    @Test(
        "A number behind an answer repeats it",
        arguments: [
            ("fail 3", 3), ("finger 3", 1), ("finger thumb 2", 2), ("approve", 1), ("approve 1000", 1000),
            ("delay 1 deny 2", 2), ("approve 0", nil), ("approve 1001", nil), ("fail x", nil), ("", nil), ("3", nil),
        ])
    func repeated(text: String, count: Int?) {
        #expect(GateAnswer.repeated(text)?.count == count)
    }
}
