import Synchronization

/// When each leg of each ceremony was reached, counted from the start of the run.
final class Timeline: Sendable {
    /// A leg that was reached.
    struct Mark: Hashable, Sendable {
        /// The manual's step in which it was reached.
        var step: String
        /// The device on which it happened: `PC`, `phone` or `portal`.
        var place: String
        /// The leg, for example `tunnel open`.
        var leg: String
        /// More about it; never a secret.
        var detail: String
        /// The time since the start.
        var time: Duration
    }

    private struct State {
        var step = ""
        var marks: [Mark] = []
    }

    private let start = ContinuousClock.now
    private let state = Mutex(State())

    /// Says which step begins.
    func begin(_ step: String) { state.withLock { $0.step = step } }

    /// Notes that a leg has been reached.
    func mark(_ leg: String, at place: String, _ detail: String = "") {
        let time = start.duration(to: .now)
        state.withLock { state in
            state.marks.append(Mark(step: state.step, place: place, leg: leg, detail: detail, time: time))
        }
    }

    /// The time since the start.
    var elapsed: Duration { start.duration(to: .now) }

    /// The legs of one step, in order.
    func marks(of step: String) -> [Mark] {
        state.withLock { $0.marks.filter { $0.step == step } }
    }

    /// The step that is being done.
    var presentStep: String { state.withLock { $0.step } }

    /// The last leg that was reached in the present step.
    var lastLeg: String? {
        state.withLock { state in state.marks.last { $0.step == state.step }?.leg }
    }
}

extension Duration {
    /// Milliseconds, with a fraction.
    var milliseconds: Double {
        Double(components.seconds) * 1000 + Double(components.attoseconds) / 1e15
    }
}
