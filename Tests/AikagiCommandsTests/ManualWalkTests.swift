import Foundation
import Portal
import Testing

@testable import AikagiCommands

@Suite struct ManualWalkTests {
    private static let account = FirstLogin.Account(
        userID: "demo", initialPassword: "123456719800123", dateOfBirth: "1980-01-23",
        mailAddress: "hanako@example.com", password: "x")

    private static func script(_ chapters: String...) -> [WalkScript.Step] {
        WalkScript(origin: "http://localhost:1", account: account, mail: "/m", chapters: chapters).steps
    }

    private static func page(_ steps: String...) -> ManualWalk.Event {
        .page(PageView(path: "/", steps: steps, language: .english))
    }

    private static func refusal(_ text: String) -> ManualWalk.Event {
        .page(PageView(path: "/", steps: ["1.2"], language: .english, message: text, isRefusal: true))
    }

    private func walk(
        _ steps: [WalkScript.Step], _ events: [ManualWalk.Event], _ lines: Lines = Lines(),
        language: ManualLanguage = .english, json: Bool = false
    ) async throws -> JourneyFile {
        let (stream, inbox) = AsyncStream.makeStream(of: ManualWalk.Event.self)
        for event in events { inbox.yield(event) }
        inbox.finish()
        return try await ManualWalk(
            steps: steps, language: language, console: lines.console, json: json, camera: nil, report: nil,
            surroundings: "test", now: { Date(timeIntervalSince1970: 0) }
        ).run(stream)
    }

    private func outcomes(_ file: JourneyFile) -> [String] {
        file.journeys[0].entries.map { "\($0.step ?? "") \($0.outcome.rawValue)" }
    }

    private static let login = page("1.1", "1.2", "2-1.1", "2-2.1", "x.1")
    private static let top = page("2-1.8", "2-2.5", "x.5")

    @Test("The whole manual, as the portal shows it, needs the person's word only where the portal sees nothing")
    func everything() async throws {
        let file = try await walk(
            WalkScript(origin: "http://localhost:1", account: Self.account, mail: "/m").steps,
            [
                Self.login, Self.page("1.3"), Self.page("1.4"), Self.page("1.5"), Self.page("1.6", "1.7"),
                .line(""), Self.page("1.8"), Self.page("1.9"), Self.page("1.10", "1.11"), Self.login,
                Self.page("2-1.2", "2-1.3", "2-1.4", "2-1.5"), .line(""), .line(""),
                Self.page("2-1.6", "2-1.7", "2-2.4"),
                Self.top, Self.login, Self.page("x.2", "x.3", "x.4"), Self.top, Self.page("2-1.2", "2-2.2", "2-2.3"),
                Self.page("2-1.6", "2-1.7", "2-2.4"), Self.top, Self.login, Self.page("x.2", "x.3", "x.4"), .line(""),
                .line(""), Self.top,
            ])
        #expect(outcomes(file) == ManualStep.all.map { "\($0.id) done" })
    }

    @Test("Where the person's input ends, the walk ends after what was said, and the rest was not reached")
    func endOfInput() async throws {
        let (stream, inbox) = AsyncStream.makeStream(of: ManualWalk.Event.self)
        for event in [Self.login, .line("s"), .endOfInput] { inbox.yield(event) }
        let lines = Lines()
        let file = try await ManualWalk(
            steps: Self.script("1"), language: .english, console: lines.console, json: false, camera: nil, report: nil,
            surroundings: "test", now: { Date(timeIntervalSince1970: 0) }
        ).run(stream)
        withExtendedLifetime(inbox) {}
        #expect(file.count(.skipped) == 1 && file.count(.unreached) > 5 && file.language == .english)
    }

    @Test("One-time passwords: by app, with a second login, and by mail")
    func oneTimePasswords() async throws {
        func steps(_ method: WalkScript.Method) -> [WalkScript.Step] {
            WalkScript(
                origin: "o", account: Self.account, mail: "m", method: method, chapters: [method.chapters[1]]
            ).steps
        }
        let app = try await walk(
            steps(.app), [Self.page("b.1", "b.2"), Self.top, Self.login, Self.page("b.3"), Self.top])
        #expect(outcomes(app) == ["b.1 done", "b.2 done", "b.3 done", "b.4 done"])
        let mail = try await walk(steps(.mail), [Self.page("c.1"), Self.page("c.1"), Self.top])
        #expect(outcomes(mail) == ["c.1 done", "c.2 done"])
    }

    private static let spoilt = FirstLogin.Account(
        userID: "mishaps-1", initialPassword: "p", dateOfBirth: "1980-01-23", mailAddress: "a@b.example", password: "x")

    private static func mishaps(_ method: WalkScript.Method) -> [WalkScript.Step] {
        WalkMishaps(origin: "http://localhost:1", account: spoilt, mail: "/m", method: method).steps
    }

    /// What the portal says when it refuses at a path.
    private static func refusal(at path: String, status: Int = 422) -> ManualWalk.Event {
        .page(
            PageView(path: path, steps: [], language: .english, message: "no", isRefusal: true, status: status))
    }

    @Test(
        "Each mishap is done when the portal refuses it, or by the person's word", arguments: WalkScript.Method.allCases
    )
    func mishaps(method: WalkScript.Method) async throws {
        let steps = Self.mishaps(method)
        let events = steps.map { step -> ManualWalk.Event in
            guard case .refusal(let refusal) = step.goal else { return .line("not a mishap") }
            return refusal.path.map { Self.refusal(at: $0 + "/abc", status: refusal.status ?? 422) } ?? .line("y")
        }
        let file = try await walk(steps, events)
        #expect(file.journeys.count == 1 && file.journeys[0].kind == .mishaps)
        #expect(file.entries.map(\.outcome) == steps.map { _ in .done })
        #expect(Set(steps.map(\.name)).count == steps.count, "each has a picture of its own")
        for (step, entry) in zip(steps, file.entries) {
            #expect(entry.title == step.mishap?.title && step.mishap?.title.japanese != nil)
            #expect((entry.witness == .person) == (entry.seen == nil))
            #expect(ManualStep.everyStep.contains(step.step), "\(step.name)")
            #expect(step.instruction.english?.hasSuffix("?") == step.isQuestion, "\(step.name)")
        }
    }

    @Test("What is refused elsewhere, or with another status, is not the mishap")
    func otherRefusals() async throws {
        let steps = Self.mishaps(.passkey)
        let lock = try #require(steps.last)
        let file = try await walk(
            [lock], [Self.refusal(at: "/login"), Self.refusal(at: "/top", status: 429), .line("y"), .line("q")])
        #expect(file.journeys.map { $0.entries.map(\.outcome) } == [[.unreached], [.done, .done]])
    }

    @Test("A question takes yes or no, and nothing less")
    func questions() async throws {
        let lines = Lines()
        let questions = Self.mishaps(.passkey).filter { $0.name.hasPrefix("biometrics") || $0.name == "bluetooth-off" }
        let file = try await walk(questions, [.line(""), .line("n"), .line("y")], lines)
        #expect(file.entries.map(\.outcome) == [.failed, .done])
        #expect(file.entries.map(\.witness) == [nil, .person])
        #expect(lines.text(.error).contains("[y] yes, [n] no"))
    }

    @Test("For what expires the portal's clock is ahead, and for that alone")
    func expiry() async throws {
        let clock = PortalClock()
        let steps = Self.mishaps(.mail).filter {
            ["mail-unconfirmed", "mail-link-expired", "password-locks"].contains($0.name)
        }
        var ahead: [Double] = []
        let (stream, inbox) = AsyncStream.makeStream(of: ManualWalk.Event.self)
        let said = AsyncStream.makeStream(of: String.self)
        let console = Console { _, text in said.continuation.yield(text) }
        let walk = ManualWalk(
            steps: steps, language: .english, console: console, json: false, camera: nil, report: nil,
            surroundings: "test", clock: clock, now: { Date(timeIntervalSince1970: 0) })
        async let file = walk.run(stream)
        var texts = said.stream.makeAsyncIterator()
        for step in steps {
            let words = try #require(step.instruction.english)
            while let text = await texts.next(), !text.contains(words) {}
            // The clock is set before the step waits; a line that means nothing is answered after that.
            inbox.yield(.line("?"))
            while let text = await texts.next(), !text.contains("[Enter] done") {}
            ahead.append((clock.now.timeIntervalSinceNow / 60).rounded())
            inbox.yield(.line("s"))
        }
        #expect(try await file.count(.skipped) == 3)
        #expect(ahead == [0, 1500, 0])
    }

    @Test("A page of a step that is not due moves nothing")
    func notDue() async throws {
        let file = try await walk(Self.script("1"), [Self.login, Self.login, Self.page("1.8"), Self.top, .line("q")])
        #expect(outcomes(file).prefix(2) == ["1.1 done", "1.2 notReached"])
    }

    @Test("What the portal must see is not done by the person's word")
    func wordIsNotEnough() async throws {
        let lines = Lines()
        let file = try await walk(Self.script("1"), [.line(""), .line("q")], lines)
        #expect(file.count(.done) == 0)
        #expect(lines.text(.error).contains("the portal has not seen that yet"))
    }

    @Test("Skipped, failed and left: each is told as what it is")
    func otherOutcomes() async throws {
        let lines = Lines()
        let file = try await walk(
            Self.script("2-1"), [.line("s"), .line("f the reader is dirty"), .line("f"), .line("what?"), .line("q")],
            lines)
        #expect(
            outcomes(file)
                == ["2-1.1 skipped", "2-1.2 failed", "2-1.3 failed"] + (4...8).map { "2-1.\($0) notReached" })
        #expect(file.entries[1].failure == "the reader is dirty")
        #expect(file.entries[2].failure == "it did not work")
        #expect(lines.text(.error).components(separatedBy: "[Enter] done").count == 3, "help at first, and when asked")
        #expect(lines.text(.output).contains("  ✗ 2-1.2 Start the biometric set-up"))
    }

    @Test("The end of the events is the person's leaving")
    func end() async throws {
        let file = try await walk(Self.script("x"), [])
        #expect(outcomes(file) == (1...5).map { "x.\($0) notReached" })
    }

    @Test("What the portal refuses is part of the protocol, and the step goes on")
    func refused() async throws {
        let lines = Lines()
        let file = try await walk(
            Self.script("1"), [Self.login, Self.refusal("wrong password"), Self.page("1.3"), .line("q")], lines)
        #expect(outcomes(file).prefix(2) == ["1.1 done", "1.2 done"])
        #expect(file.journeys[1].kind == .refusals)
        #expect(file.journeys[1].entries.map(\.seen?.english) == ["wrong password"])
        #expect(lines.text(.error).contains("the portal says: wrong password"))
    }

    @Test("A login after a log-out is two pages, in this order")
    func sequence() async throws {
        let file = try await walk(
            Self.script("x"), [Self.page("x.2"), Self.login, Self.top, Self.page("x.2"), .line("q")])
        #expect(outcomes(file).prefix(2) == ["x.1 done", "x.2 notReached"])
    }

    @Test("It speaks one language, and counts as JSON when asked")
    func languages() async throws {
        let lines = Lines()
        _ = try await walk(Self.script("1"), [Self.login, .line("q")], lines, language: .japanese, json: true)
        #expect(lines.text(.error).contains("ブラウザで http://localhost:1/ を開いてください。"))
        #expect(lines.text(.output).hasPrefix(#"{"milliseconds":0,"outcome":"done","step":"1.1","witness":"portal"}"#))
    }

    @Test(
        "The language is the environment's",
        arguments: [
            (["LANG": "ja_JP.UTF-8"], ManualLanguage.japanese), (["LANG": "en_US.UTF-8"], .english), ([:], .english),
            (["LANG": "ja_JP.UTF-8", "LC_ALL": "C"], .english), (["LC_ALL": "", "LC_MESSAGES": "ja"], .japanese),
        ])
    func environment(variables: [String: String], language: ManualLanguage) {
        #expect(ManualLanguage(environment: variables) == language)
    }

    @Test("A mail is read where the portal shows it, or in the person's own mailbox")
    func mail() {
        func instruction(_ step: String, mail: String?) -> String? {
            WalkScript(origin: "o", account: Self.account, mail: mail).steps
                .first { $0.step.id == step }?.instruction.english
        }
        #expect(
            instruction("1.6", mail: "o/mail") == "Open the link in the mail that has arrived (o/mail), and confirm.")
        #expect(instruction("1.6", mail: nil) == "Open the link in the mail that has arrived, and confirm.")
        #expect(instruction("1.5", mail: nil) == "Enter your own mail address.")
    }

    @Test("Every step of the manual is in the script, in the manual's order")
    func order() {
        func steps(_ method: WalkScript.Method) -> [WalkScript.Step] {
            WalkScript(origin: "o", account: Self.account, mail: "m", method: method).steps
        }
        #expect(steps(.passkey).map(\.step) == ManualStep.all)
        let codes = (steps(.app) + steps(.mail)).map(\.step).filter { $0.chapter != "1" }
        #expect(codes == ManualStep.oneTimePasswords)
        #expect(
            WalkScript.Method.allCases.flatMap(steps).allSatisfy {
                $0.instruction.japanese != nil && $0.instruction.english != nil
            })
    }
}
