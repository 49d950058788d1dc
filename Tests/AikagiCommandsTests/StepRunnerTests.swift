import Foundation
import HybridTransport
import TestSupport
import Testing

@testable import AikagiCommands

@Suite struct StepRunnerTests {
    @Test("A failure names the step and the leg that failed")
    func failure() async {
        let runner = StepRunner(console: Lines().console, json: true)
        let error = await #expect(throws: DemoFailure.self) {
            try await runner.step("x.4") { () async throws -> String in
                runner.timeline.mark("scanned", at: "phone")
                throw HybridSessionError.timedOut(.advertisement)
            }
        }
        #expect(error?.step.id == "x.4")
        #expect(error?.leg == "advertisement")
        #expect(runner.outcomes.map(\.ok) == [false])
    }

    @Test("Other errors name the last leg that was reached")
    func lastLeg() async {
        let runner = StepRunner(console: Lines().console, json: true)
        let error = await #expect(throws: DemoFailure.self) {
            try await runner.step("2-1.3") { () async throws -> String in
                runner.timeline.mark("request", at: "PC")
                throw WebFailure("no")
            }
        }
        #expect(error?.leg == "after request")
        #expect(
            error?.description == "the demo failed at 2-1.3 (sign in with the PC's biometrics), leg after request: no")
    }

    @Test("A line per step, a heading per chapter, JSON Lines when asked for")
    func lines() async throws {
        let people = Lines()
        let runner = StepRunner(console: people.console, json: false)
        try await runner.step("1.1") { "seen" }
        try await runner.step("1.2") { "in" }
        try await runner.step("2-1.1") { "again" }
        let text = people.text(.output)
        #expect(text.contains("\n1  First login\n  ✓ 1.1    open the portal"))
        #expect(text.components(separatedBy: "First login").count == 2)
        #expect(text.contains("\n2-1  Biometrics on the PC\n"))
        let machines = Lines()
        try await StepRunner(console: machines.console, json: true).step("x.5") { "done" }
        let line = try JSONDecoder().decode([String: JSONLine].self, from: Data(machines.text(.output).utf8))
        #expect(Set(line.keys) == ["step", "title", "ok", "ms", "result", "start"])
        #expect(machines.text(.error).isEmpty)
    }

    @Test("Long waits show progress with the last leg")
    func progress() async throws {
        let lines = Lines()
        let clock = ManualClock()
        let runner = StepRunner(console: lines.console, json: false, clock: clock)
        try await runner.step("x.4") {
            runner.timeline.mark("advertising", at: "phone")
            await clock.sleepers(1)
            clock.advance(by: .seconds(2))
            await clock.sleepers(1)
            return "done"
        }
        #expect(lines.text(.error).contains("★.4 scan the QR code with the phone: 2 s, last: advertising"))
    }

    @Test("Legs belong to the step, or to the ceremony that it prepares")
    func ceremonies() {
        let timeline = Timeline()
        timeline.begin("x.1")
        timeline.mark("a", at: "PC")
        timeline.begin("x.2")
        timeline.prepareCeremony(of: "x.4")
        timeline.mark("options", at: "portal")
        timeline.begin("x.3")
        timeline.mark("QR shown", at: "PC")
        timeline.begin("x.4")
        timeline.mark("scanned", at: "phone")
        timeline.begin("x.5")
        timeline.mark("b", at: "PC")
        #expect(timeline.marks(of: "x.4").map(\.leg) == ["options", "QR shown", "scanned"])
        #expect(timeline.marks(of: "x.5").map(\.leg) == ["b"])
        #expect(timeline.marks(of: "x.1").map(\.leg) == ["a"])
    }

    @Test("A step that takes long is cancelled with its task")
    func cancellation() async {
        let clock = ManualClock()
        let runner = StepRunner(console: Lines().console, json: true, clock: clock)
        let task = Task {
            try await runner.step("1.1") { () async throws -> String in
                try await clock.sleep(until: clock.now + .seconds(3600), tolerance: nil)
                return ""
            }
        }
        await clock.sleepers(2)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(runner.outcomes.isEmpty)
    }

    @Test("The manual's steps are complete and in order")
    func manual() {
        let ids = ManualStep.all.map(\.id)
        let expected =
            (1...11).map { "1.\($0)" } + (1...8).map { "2-1.\($0)" } + (1...5).map { "2-2.\($0)" }
            + (1...5).map { "x.\($0)" }
        #expect(ids == expected)
        for step in ManualStep.all { #expect(ManualStep.chapterTitles[step.chapter] != nil) }
    }
}

/// Any JSON scalar.
private enum JSONLine: Decodable {
    case text(String)
    case number(Double)
    case flag(Bool)

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let flag = try? container.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else {
            self = .text(try container.decode(String.self))
        }
    }
}
