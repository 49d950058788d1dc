import Foundation
import SoftwareAuthenticator
import Testing

@testable import AikagiCommands

/// The whole manual within the test process: real sockets on loopback, libfido2, zbar, SQLite.
@Suite(.timeLimit(.minutes(2))) struct DemoTests {
    @Test("The manual runs from its first step to its last and leaves its evidence")
    func wholeManual() async throws {
        try await withScratchDirectory { folder in
            let runner = StepRunner(console: Lines().console, json: true)
            let evidence = DemoEvidence()
            let report = try DemoReport(folder: folder + "/report")
            try await DemoStage(
                runner: runner, evidence: evidence, pcGate: ApprovingGate(), phoneGate: ApprovingGate()
            ).play()
            try report.write(runner: runner, evidence: evidence)
            #expect(runner.outcomes.map(\.step) == ManualStep.all.map(\.id))
            #expect(runner.outcomes.filter { !$0.ok }.isEmpty)
            #expect(evidence.ceremonies.map(\.step) == ["2-1.3", "2-2.1", "2-2.3", "x.4"])
            #expect(evidence.pictures.map { $0.step } == ["2-2.3", "x.4"])
            let legs = runner.timeline.marks(of: "x.4").map(\.leg)
            for leg in [
                "QR shown", "scanned", "tunnel open", "advert seen", "handshake", "request", "user verified",
                "response",
                "verified by the relying party",
            ] {
                #expect(legs.contains(leg), "\(leg)")
            }
            let page = try String(contentsOfFile: report.index, encoding: .utf8)
            for step in ManualStep.all {
                #expect(page.contains("✓ \(step.label)<") || page.contains("✓ <a href=\"#\(step.id)\">\(step.label)<"))
            }
            let files = try FileManager.default.contentsOfDirectory(atPath: folder + "/report/ceremonies")
            #expect(files.count == 4)
        }
    }

    static let refusals: [(pc: Bool, step: String)] = [(true, "2-1.3"), (false, "2-2.3")]

    @Test("A person who refuses ends the demo at that step, with a reason", arguments: refusals)
    func refusal(pc: Bool, step: String) async throws {
        let runner = StepRunner(console: Lines().console, json: true)
        let gate = DenyingGate()
        let error = await #expect(throws: DemoFailure.self) {
            try await DemoStage(
                runner: runner, evidence: DemoEvidence(), pcGate: pc ? gate : ApprovingGate(),
                phoneGate: pc ? ApprovingGate() : gate
            ).play()
        }
        #expect(error?.step.id == step)
        #expect(error?.cause.contains("NotAllowedError") == true)
        #expect(runner.outcomes.last?.ok == false)
    }
}
