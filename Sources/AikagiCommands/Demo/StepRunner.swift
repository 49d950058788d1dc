import HybridTransport
import Synchronization

/// Runs the steps of the manual one after the other, prints a line for each, and keeps what happened for the report.
final class StepRunner: Sendable {
    /// What came of a step.
    struct Outcome: Sendable, Encodable {
        /// The manual's id.
        var step: String
        /// What the person does.
        var title: String
        /// Whether it worked.
        var ok: Bool
        /// How long it took, in milliseconds.
        var ms: Double
        /// What happened, or why it failed.
        var result: String
        /// The leg that failed.
        var leg: String?
        /// When it began, in milliseconds since the start.
        var start: Double
    }

    /// When each leg was reached.
    let timeline = Timeline()

    private let console: Console
    private let json: Bool
    private let progressInterval: Duration
    private let clock: any Clock<Duration>
    private let done = Mutex<[Outcome]>([])

    init(
        console: Console = .standard, json: Bool, progressInterval: Duration = .seconds(2),
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.console = console
        self.json = json
        self.progressInterval = progressInterval
        self.clock = clock
    }

    /// What came of the steps so far.
    var outcomes: [Outcome] { done.withLock { $0 } }

    /// The id of the step that is being done.
    var presentStep: String { timeline.presentStep }

    /// Runs a step; while it takes long, says what it waits for.
    ///
    /// - Parameter body: does the step and says in a few words what happened, together with what later steps need.
    /// - Throws: ``DemoFailure`` naming step and leg.
    func step<Value>(_ id: String, _ body: () async throws -> (String, Value)) async throws -> Value {
        let step = ManualStep.named(id)
        timeline.begin(id)
        let begin = timeline.elapsed
        if !json, outcomes.last.map({ ManualStep.named($0.step).chapter }) != step.chapter {
            console.result(
                "\n\(ManualStep.label(ofChapter: step.chapter))  \(ManualStep.chapterTitles[step.chapter] ?? "")")
        }
        do {
            let (result, value) = try await reportingProgress(of: step, body)
            finish(step, since: begin, ok: true, result: result, leg: nil)
            return value
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            let leg = StepRunner.leg(of: error) ?? timeline.failingLeg ?? "portal"
            finish(step, since: begin, ok: false, result: "\(error)", leg: leg)
            throw DemoFailure(step: step, leg: leg, cause: "\(error)")
        }
    }

    /// Runs a step that yields nothing but what happened.
    func step(_ id: String, _ body: () async throws -> String) async throws {
        try await step(id) { (try await body(), ()) }
    }

    private static func leg(of error: any Error) -> String? { (error as? HybridSessionError)?.leg.rawValue }

    private func reportingProgress<Value>(
        of step: ManualStep, _ body: () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [self] in
                var waited = Duration.zero
                while true {
                    try await clock.sleep(for: progressInterval)
                    waited += progressInterval
                    let leg = timeline.lastLeg.map { ", last: \($0)" } ?? ""
                    console.note("    … \(step.label) \(step.title): \(waited.components.seconds) s\(leg)")
                }
            }
            defer { group.cancelAll() }
            return try await body()
        }
    }

    private func finish(_ step: ManualStep, since begin: Duration, ok: Bool, result: String, leg: String?) {
        let outcome = Outcome(
            step: step.id, title: step.title, ok: ok, ms: StepRunner.rounded((timeline.elapsed - begin).milliseconds),
            result: result, leg: leg, start: StepRunner.rounded(begin.milliseconds))
        done.withLock { $0.append(outcome) }
        if json {
            console.json(outcome)
        } else {
            let id = step.label.padded(to: 6)
            let title = step.title.padded(to: 42)
            let milliseconds = "\(Int(outcome.ms.rounded())) ms"
            console.result(
                "  \(ok ? "✓" : "✗") \(id) \(title) \(milliseconds.padded(to: 8, onTheLeft: true))   \(result)")
        }
    }

    private static func rounded(_ milliseconds: Double) -> Double { (milliseconds * 100).rounded() / 100 }
}

/// Why the demo failed: the step, the leg of its ceremony, and the cause as a sentence.
struct DemoFailure: Error, CustomStringConvertible {
    /// The step.
    let step: ManualStep
    /// The leg.
    let leg: String
    /// The cause.
    let cause: String

    /// A sentence for the person at the terminal.
    var description: String { "the demo failed at \(step.label) (\(step.title)), leg \(leg): \(cause)" }
}

extension String {
    /// The text with spaces added up to a width.
    func padded(to width: Int, onTheLeft: Bool = false) -> String {
        let spaces = String(repeating: " ", count: max(0, width - count))
        return onTheLeft ? spaces + self : self + spaces
    }
}
