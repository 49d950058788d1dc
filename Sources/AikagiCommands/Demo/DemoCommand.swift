import ArgumentParser
import FoundationEssentials

/// `aikagi demo`.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Play the whole login manual on this machine: portal, PC, phone, QR code and Bluetooth.",
        discussion: """
            Starts a portal, a tunnel service with a throw-away certificate authority, a PC authenticator that libfido2 \
            drives, and a phone that is reached only by the hybrid transport; then walks through the manual step by step. \
            Everything listens on loopback on free ports and lives in a scratch folder that is removed at the end.

            Prints one line per step; with --json one object per line (step, title, ok, ms, result, start, and leg where one \
            failed), then a summary. --report DIR writes index.html with the timeline of every ceremony and the QR codes, and \
            ceremonies/*.json with options and responses for other verifiers.

            Examples:
              aikagi demo
              aikagi demo --report report && xdg-open report/index.html
              aikagi demo --phone-gate deny      what a refusal looks like
              aikagi demo --phone-gate delay:3   a slow person; shows progress
            """)

    @Option(help: ArgumentHelp("Write a report to this folder.", valueName: "dir"))
    var report: String?

    @Option(help: ArgumentHelp("The person at the PC: approve, deny, ask, delay:SECONDS.", valueName: "gate"))
    var pcGate = GateArgument.approve

    @Option(help: ArgumentHelp("The person at the phone: approve, deny, ask, delay:SECONDS.", valueName: "gate"))
    var phoneGate = GateArgument.approve

    @Flag(help: "Print JSON Lines.")
    var json = false

    func run() async throws {
        try await runInterruptibly {
            let runner = StepRunner(json: json)
            let report = try report.map { (folder) throws(CommandFailure) in try DemoReport(folder: folder) }
            let evidence = DemoEvidence()
            let outcome: Result<Void, any Error>
            do {
                let stage = DemoStage(
                    runner: runner, evidence: evidence, pcGate: try pcGate.gate(of: "pc"),
                    phoneGate: try phoneGate.gate(of: "phone"))
                outcome = .success(try await stage.play())
            } catch {
                outcome = .failure(error)
            }
            try report?.write(runner: runner, evidence: evidence)
            if case .failure(let error) = outcome, error is CancellationError { throw error }
            summarise(runner, report)
            try outcome.get()
        }
    }

    private struct Summary: Encodable {
        var summary = true
        var ok: Bool
        var steps: Int
        var ms: Double
        var report: String?
    }

    private func summarise(_ runner: StepRunner, _ report: DemoReport?) {
        let outcomes = runner.outcomes
        let done = outcomes.filter(\.ok).count
        let isComplete = done == ManualStep.all.count
        let total = runner.timeline.elapsed.milliseconds
        if json {
            Console.standard.json(
                Summary(ok: isComplete, steps: done, ms: (total * 100).rounded() / 100, report: report?.index))
        } else {
            let seconds = (total / 10).rounded() / 100
            Console.standard.result(
                isComplete
                    ? "\nAll \(done) steps of the manual done in \(seconds) s."
                    : "\n\(done) of \(ManualStep.all.count) steps of the manual done.")
            if let report { Console.standard.result("Report: \(report.index)") }
        }
    }
}
