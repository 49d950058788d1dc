import ArgumentParser
import KeyControlProtocol

/// `aikagi control`.
struct ControlCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "control",
        abstract: "Answer for the person at a running key, take its power away, move its clock, or watch it.",
        discussion: """
            The key was started with `aikagi key --control PATH`. ACTION is one of:
              approve, deny, fail, ignore, brief-touch, finger NAME,
              sample STATUS [FINGER]     the answer to the question that waits, or
                                         else to the next one; in front of it perhaps
                                         delay SECONDS (alone: approve after that
                                         time), behind it a number of times
              always ANSWER              the answer to all that follow
              power-cycle                what is kept in RAM is lost
              unplug, plug               without power nobody is answered
              clock advance SECONDS      time-outs, delays and tokens go by it
              clock stop, clock start
              state                      what waits, what is answered, what the clock shows
              watch                      JSON Lines: how things are, then what happens

            Examples:
              aikagi key --tcp --gate ignore --control k     a key that waits for you
              aikagi control k state                         what does it wait for?
              aikagi control k approve                       the question, or the next
              aikagi control k fail 2                        two fingers not recognised
              aikagi control k delay 20 finger left thumb    by the key's clock
              aikagi control k clock advance 600             tokens expire
              aikagi control k watch

            The person of a key whose --gate approves answers before anybody is asked here; only answers that were given in \
            advance come first.

            Exit status: 0 done, 1 if no key listens at PATH or it says no, 64 wrong usage.
            """)

    @Argument(help: "The control socket of the key.")
    var path: String

    @Argument(help: "What to do.")
    var action: [String]

    @Flag(help: "Print how things are afterwards as JSON.")
    var json = false

    func validate() throws { try OptionRules.check { _ = try ControlRequest(words: action) } }

    func run() async throws {
        try await runInterruptibly {
            let request = try ControlRequest(words: action)
            try await LineConnection.connect(to: path, absent: "is `aikagi key --control` still running?") {
                lines, connection in
                try await connection.send(request)
                guard let reply = try await lines.next(ControlReply.self) else {
                    throw CommandFailure("the key has ended")
                }
                if let error = reply.error { throw CommandFailure(error) }
                guard let state = reply.state else { return }
                if json || request.action == .watch {
                    Console.standard.json(StateEvent(state: state))
                } else if request.action == .state {
                    for line in state.lines { Console.standard.result(line) }
                }
                if request.action == .watch { try await show(&lines) }
            }
        }
    }

    /// How things are, as the other events are printed.
    private struct StateEvent: Encodable {
        var event = "state"
        var state: ControlReply.State
    }

    /// Events as they come; the end of the key is the end of them.
    private func show(_ lines: inout LineConnection.Lines) async throws {
        while let line = try await lines.nextLine() { Console.standard.json(line: line) }
    }
}

extension ControlRequest {
    /// Reads an action as people write it.
    ///
    /// - Throws: `ValidationError` when it is none.
    init(words: [String]) throws(ValidationError) {
        let (first, rest) = (words.first ?? "", Array(words.dropFirst()))
        switch (first, rest) {
        case ("clock", _):
            switch (rest.first, rest.count) {
            case ("stop", 1): self.init(action: .stopClock)
            case ("start", 1): self.init(action: .startClock)
            case ("advance", 2):
                guard let seconds = Double(rest[1]), (0...Self.longestAdvance).contains(seconds) else {
                    throw ValidationError("a clock goes forward by 0 to \(Int(Self.longestAdvance)) seconds")
                }
                self.init(action: .advanceClock, seconds: seconds)
            default: throw ValidationError("give clock advance SECONDS, clock stop or clock start")
            }
        case ("always", _):
            let text = rest.joined(separator: " ")
            guard GateAnswer(text) != nil else { throw Self.noAnswer(text) }
            self.init(action: .always, answer: text)
        case ("power-cycle", []), ("unplug", []), ("plug", []), ("state", []), ("watch", []):
            guard let action = Action(rawValue: first) else { throw Self.noAnswer(first) }
            self.init(action: action)
        default:
            let text = words.joined(separator: " ")
            guard GateAnswer.repeated(text) != nil else { throw Self.noAnswer(text) }
            self.init(action: .answer, answer: text)
        }
    }

    private static func noAnswer(_ text: String) -> ValidationError {
        ValidationError(
            "'\(text)' is no action and no answer; there are \(GateAnswer.vocabulary), always ANSWER, power-cycle, unplug, "
                + "plug, clock, state, watch")
    }
}

extension ControlReply.State {
    /// The same for people.
    var lines: [String] {
        var lines = [
            isPlugged ? "plugged in" : "unplugged",
            "clock at \(clock.seconds) s, \(clock.isRunning ? "running" : "stopped")",
        ]
        lines += questions.map { "waits for: \($0.question)\($0.needsVerification ? " (verifies the user)" : "")" }
        lines += underWay.map { "on its way: \($0.answer), to: \($0.question.question)" }
        if !answers.isEmpty { lines.append("next answers: " + answers.joined(separator: ", ")) }
        if let always { lines.append("otherwise: \(always)") }
        return lines
    }
}
