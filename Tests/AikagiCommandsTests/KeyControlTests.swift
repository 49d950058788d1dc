import ArgumentParser
import CTAP
import Foundation
import Glibc
import HIDTransport
import KeyControlProtocol
import SoftwareAuthenticator
import Synchronization
import TestSupport
import Testing

@testable import AikagiCommands

/// An authenticator under control, at a socket in a folder of its own.
private struct ControlStage: Sendable {
    let path: String
    let clock: AdjustableClock
    let power: KeyPower
    let authenticator: WatchedAuthenticator

    static func run(
        usually usual: any BiometricGate = IgnoringGate(), _ body: @Sendable (ControlStage) async throws -> Void
    ) async throws {
        try await withScratchDirectory { folder in
            let real = ManualClock()
            let clock = AdjustableClock(by: real)
            let watchers = KeyWatchers(clock: clock)
            let person = ControlledGate(usually: usual, clock: clock)
            let authenticator = Authenticator(
                configuration: Authenticator.Configuration(flavour: .securityKey), store: MemoryCredentialStore(),
                gate: watchers.observed(person), clock: clock)
            let power = KeyPower {
                await authenticator.powerCycle()
            } observe: {
                watchers.note(KeyEvent($0.name))
            }
            let path = folder + "/control"
            let control = try KeyControl(path: path, gate: person, clock: clock, power: power, watchers: watchers)
            let stage = ControlStage(
                path: path, clock: clock, power: power,
                authenticator: WatchedAuthenticator(authenticator: authenticator, watchers: watchers))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { do { try await control.run() } catch is CancellationError {} }
                try await body(stage)
                group.cancelAll()
                try await group.waitForAll()
            }
            control.close()
            #expect(access(path, F_OK) != 0)
        }
    }

    func ask(_ words: String) async throws -> ControlReply {
        try await LineConnection.connect(to: path) { lines, connection in
            try await connection.send(try ControlRequest(words: words.split(separator: " ").map(String.init)))
            return try #require(try await lines.next(ControlReply.self))
        }
    }

    func status(_ command: CTAPCommand) async -> CTAPStatus {
        await authenticator.respond(
            to: CTAPRequest(command), in: CTAPRequestContext(transport: .hid(channel: 1))
        ).status
    }

    /// Waits until somebody has to answer.
    func question() async throws -> GateQuestion {
        while true {
            if let question = try await ask("state").state?.questions.first { return question }
        }
    }
}

@Suite("The control socket of a key", .timeLimit(.minutes(1))) struct KeyControlTests {
    @Test("A question waits until somebody answers it, or the clock is put forward past its time")
    func answers() async throws {
        try await ControlStage.run { stage in
            let endings = [
                ("approve", CTAPStatus.success), ("deny", .operationDenied), ("clock advance 30", .userActionTimeout),
            ]
            for (words, status) in endings {
                try await withThrowingTaskGroup(of: CTAPStatus.self) { group in
                    group.addTask { await stage.status(.selection) }
                    let question = try await stage.question()
                    #expect(question.action == "selection")
                    #expect(try await stage.ask(words).error == nil)
                    #expect(try await group.next() == status)
                }
            }
            // Given in advance, and by the key's own clock.
            #expect(try await stage.ask("delay 29 deny").state?.answers == ["delay 29.0 deny"])
            try await withThrowingTaskGroup(of: CTAPStatus.self) { group in
                group.addTask { await stage.status(.selection) }
                while try await stage.ask("state").state?.clock.sleepers != 2 {}
                let state = try #require(try await stage.ask("state").state)
                #expect(state.underWay.map(\.answer) == ["delay 29.0 deny"] && state.questions.isEmpty)
                #expect(state.underWay.map(\.question.action) == ["selection"])
                #expect(try await stage.ask("clock advance 29").error == nil)
                #expect(try await group.next() == .operationDenied)
            }
            // Put forward past both, the clock comes to the answer before it comes to the time-out.
            #expect(try await stage.ask("delay 20 deny").error == nil)
            try await withThrowingTaskGroup(of: CTAPStatus.self) { group in
                group.addTask { await stage.status(.selection) }
                while stage.clock.sleeperCount < 2 { await Task.yield() }
                let reply = try await stage.ask("clock advance 600")
                #expect(reply.error == nil)
                #expect(try await group.next() == .operationDenied)
            }
            #expect(try await stage.ask("state").state?.always == nil)
            #expect(try await stage.ask("always approve").state?.always == "approve")
            #expect(await stage.status(.selection) == .success)
        }
    }

    @Test("Power and clock decide whether a reset is possible")
    func reset() async throws {
        try await ControlStage.run(usually: ApprovingGate()) { stage in
            #expect(await stage.status(.reset) == .success)
            let state = try #require(try await stage.ask("clock advance 10.5").state)
            #expect(state.clock == .init(seconds: 10.5, isRunning: true, sleepers: 0))
            #expect(await stage.status(.reset) == .notAllowed)
            #expect(try await stage.ask("power-cycle").error == nil)
            #expect(await stage.status(.reset) == .success)
            #expect(try await stage.ask("unplug").state?.isPlugged == false)
            for words in ["unplug", "power-cycle"] { #expect(try await stage.ask(words).error?.isEmpty == false) }
            #expect(try await stage.ask("clock advance 60").error == nil)
            #expect(try await stage.ask("plug").state?.isPlugged == true)
            #expect(try await stage.ask("plug").error?.isEmpty == false)
            #expect(await stage.status(.reset) == .success)
            #expect(try await stage.ask("clock stop").state?.clock.isRunning == false)
            #expect(try await stage.ask("clock start").state?.clock.isRunning == true)
        }
    }

    private struct Event: Decodable, Equatable {
        var event: String
        var command: String?
        var status: String?
        var statusName: String?
        var decision: String?
        var isRunning: Bool?
        var question: GateQuestion?
        var milliseconds: Double
        var clockMilliseconds: Double

        /// What it says, in words.
        var words: String {
            [event, command, status, statusName, decision, isRunning.map { "\($0)" }, question?.action]
                .compactMap { $0 }.joined(separator: " ")
        }
    }

    @Test("Whoever watches hears everything from the reply on, and can ask on the same connection")
    func watch() async throws {
        try await ControlStage.run(usually: ApprovingGate()) { stage in
            try await LineConnection.connect(to: stage.path) { lines, connection in
                try await connection.send(ControlRequest(action: .watch))
                #expect(try await lines.next(ControlReply.self)?.state != nil)
                _ = await stage.status(.selection)
                _ = await stage.status(CTAPCommand(rawValue: 0xBF))
                _ = await stage.authenticator.respond(toAPDU: [0, 3, 0, 0], in: CTAPRequestContext())
                _ = try await stage.ask("clock advance 2.5")
                _ = try await stage.ask("power-cycle")
                _ = try await stage.ask("unplug")
                _ = try await stage.ask("plug")
                let expected = [
                    "request selection", "asked selection", "user approved selection",
                    "response selection 0x00 CTAP2_OK (0x00)", "request command 0xbf",
                    "response command 0xbf 0x01 CTAP1_ERR_INVALID_COMMAND (0x01)", "request U2F", "response U2F 0x9000",
                    "clock true", "power-cycled", "unplugged", "plugged",
                ]
                var events: [Event] = []
                while events.count < expected.count, let event = try await lines.next(Event.self) {
                    events.append(event)
                }
                #expect(events.map(\.words) == expected)
                #expect(zip(events, events.dropFirst()).allSatisfy { $0.milliseconds <= $1.milliseconds })
                #expect(
                    events.map(\.clockMilliseconds) == Array(repeating: 0, count: 8) + Array(repeating: 2500, count: 4))
                try await connection.send(ControlRequest(action: .answer, answer: "deny"))
                #expect(try await lines.next(ControlReply.self)?.state?.answers == ["deny"])
            }
        }
    }

    private static let refusals: [(line: String, error: String)] = {
        let object = #"a request is a JSON object on one line, such as {"action":"state"}"#
        let actions =
            "'action' is one of answer, always, power-cycle, unplug, plug, clock-advance, clock-stop, clock-start, state, watch"
        let seconds = "a clock goes forward by 0 to 31536000 seconds"
        return [
            ("", object), ("x", object), ("[]", object), ("\u{FFFD}{", object), ("null", object), ("{}", actions),
            (#"{"action":"explode"}"#, actions), (#"{"action":1}"#, actions), (#"{"action":null}"#, actions),
            (#"{"action":"answer"}"#, "'' is no answer; there are \(GateAnswer.vocabulary)"),
            (#"{"action":"answer","answer":"maybe"}"#, "'maybe' is no answer; there are \(GateAnswer.vocabulary)"),
            (#"{"action":"answer","answer":["fail"]}"#, #"'answer' is text, such as "fail 2""#),
            (#"{"action":"always","answer":"fail 2"}"#, "'fail 2' is no answer; there are \(GateAnswer.vocabulary)"),
            (
                #"{"action":"answer","answer":"approve 1001"}"#,
                "'approve 1001' is no answer; there are \(GateAnswer.vocabulary)"
            ),
            (#"{"action":"clock-advance"}"#, seconds), (#"{"action":"clock-advance","seconds":-1}"#, seconds),
            (#"{"action":"clock-advance","seconds":1e300}"#, seconds),
            (#"{"action":"clock-advance","seconds":"1"}"#, "'seconds' is a number, such as 30"),
        ]
    }()

    @Test("What is no request is said to be none, in words for a person, and the connection stays", arguments: refusals)
    func rejections(line: String, error: String) async throws {
        try await ControlStage.run { stage in
            try await LineConnection.connect(to: stage.path) { lines, connection in
                try await connection.send(line: line)
                let reply = try #require(try await lines.next(ControlReply.self))
                #expect(reply.state == nil)
                #expect(reply.error == error)
                try await connection.send(ControlRequest(action: .state))
                #expect(try await lines.next(ControlReply.self)?.state?.questions == [])
            }
        }
    }

    @Test("A line that is too long is told so, and the connection stays")
    func longLine() async throws {
        try await ControlStage.run { stage in
            try await LineConnection.connect(to: stage.path) { lines, connection in
                try await connection.send(line: String(repeating: "x", count: ControlRequestReader.lineLimit + 1))
                #expect(try await lines.next(ControlReply.self)?.error == "\(ControlRequestError.tooLong)")
                try await connection.send(ControlRequest(action: .state))
                #expect(try await lines.next(ControlReply.self)?.state?.questions == [])
            }
        }
    }

    @Test("The socket is this user's alone, and a path in use is left alone")
    func socket() async throws {
        try await ControlStage.run { stage in
            let attributes = try FileManager.default.attributesOfItem(atPath: stage.path)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
            let (clock, file) = (AdjustableClock(), stage.path + ".txt")
            try Data().write(to: URL(filePath: file))
            for path in [stage.path, file, "/nonexistent/folder/k", String(repeating: "k", count: 200)] {
                #expect(throws: CommandFailure.self) {
                    try KeyControl(
                        path: path, gate: ControlledGate(usually: IgnoringGate(), clock: clock), clock: clock,
                        power: KeyPower {}, watchers: KeyWatchers(clock: clock))
                }
            }
            #expect(access(file, F_OK) == 0)
            #expect(try await stage.ask("state").state != nil)
        }
    }

    @Test("Whoever watches and does not read watches no more; others do")
    func slow() async {
        let watchers = KeyWatchers(clock: AdjustableClock(), eventLimit: 100)
        let (slow, quick) = (watchers.watch(), watchers.watch())
        var iterator = quick.makeAsyncIterator()
        for number in 0..<101 {
            watchers.note(KeyEvent("\(number)"))
            #expect(await iterator.next()?.event == "\(number)")
        }
        watchers.note(KeyEvent("last"))
        #expect(await iterator.next()?.event == "last")
        var count = 0
        for await _ in slow { count += 1 }
        #expect(count == 100)
    }

    static let actions: [(String, ControlRequest)] = [
        ("approve", ControlRequest(action: .answer, answer: "approve")),
        ("fail 2", ControlRequest(action: .answer, answer: "fail 2")),
        ("delay 1.5 finger left thumb", ControlRequest(action: .answer, answer: "delay 1.5 finger left thumb")),
        ("always deny", ControlRequest(action: .always, answer: "deny")),
        ("power-cycle", ControlRequest(action: .powerCycle)), ("unplug", ControlRequest(action: .unplug)),
        ("plug", ControlRequest(action: .plug)), ("clock stop", ControlRequest(action: .stopClock)),
        ("clock start", ControlRequest(action: .startClock)),
        ("clock advance 0.5", ControlRequest(action: .advanceClock, seconds: 0.5)),
        ("state", ControlRequest(action: .state)), ("watch", ControlRequest(action: .watch)),
    ]

    @Test("Actions in words", arguments: actions)
    func words(text: String, request: ControlRequest) throws {
        #expect(try ControlRequest(words: text.split(separator: " ").map(String.init)) == request)
        #expect(Set(Self.actions.map(\.1.action)) == Set(ControlRequest.Action.allCases))
    }

    @Test(
        "Other words are a usage error",
        arguments: [
            "", "maybe", "approve now", "always", "always fail 2", "always maybe", "power-cycle now", "clock",
            "clock advance", "clock advance x", "clock advance -1", "clock advance 31536001", "clock advance 1 2",
            "clock stop now", "state all", "answer approve", "clock-stop",
        ])
    func noWords(text: String) throws {
        let arguments = ["control", "k"] + text.split(separator: " ").map(String.init)
        let error = #expect(throws: (any Error).self) { try AikagiCommand.parse(arguments) }
        #expect(error.map { AikagiCommand.exitCode(for: $0) } == .validationFailure)
    }

    @Test("How things are, for people")
    func state() {
        var state = ControlReply.State(
            isPlugged: true, clock: .init(seconds: 12.5, isRunning: true, sleepers: 0), questions: [], underWay: [],
            answers: [])
        #expect(state.lines == ["plugged in", "clock at 12.5 s, running"])
        state.isPlugged = false
        state.clock.isRunning = false
        state.questions = [
            GateQuestion(UserRequest(.getAssertion(relyingPartyID: "a.example"), needsVerification: true)),
            GateQuestion(UserRequest(.selection, needsVerification: false)),
        ]
        state.underWay = [
            .init(
                question: GateQuestion(UserRequest(.reset, needsVerification: false)), answer: "delay 20.0 approve")
        ]
        state.answers = ["fail", "approve"]
        state.always = "deny"
        #expect(
            state.lines == [
                "unplugged", "clock at 12.5 s, stopped", "waits for: log in to a.example (verifies the user)",
                "waits for: use this authenticator", "on its way: delay 20.0 approve, to: erase all passkeys",
                "next answers: fail, approve", "otherwise: deny",
            ])
    }
}
