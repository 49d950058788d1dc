import Synchronization

/// When each leg of each ceremony was reached, counted from the start of the run.
final class Timeline: Sendable {
    /// A leg that was reached.
    struct Mark: Hashable, Sendable {
        /// The manual's step that the ceremony belongs to.
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
        var ceremony: String?
        var marks: [Mark] = []
    }

    private let start = ContinuousClock.now
    private let state = Mutex(State())

    /// Says which step begins.
    func begin(_ step: String) {
        state.withLock { state in
            // A ceremony that several steps belong to ends with its own step.
            if state.step == state.ceremony { state.ceremony = nil }
            state.step = step
        }
    }

    /// Says that the legs from here on belong to the ceremony of a later step.
    func prepareCeremony(of step: String) { state.withLock { $0.ceremony = step } }

    /// Notes that a leg has been reached.
    func mark(_ leg: String, at place: String, _ detail: String = "") {
        let time = start.duration(to: .now)
        state.withLock { state in
            state.marks.append(
                Mark(step: state.ceremony ?? state.step, place: place, leg: leg, detail: detail, time: time))
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

    /// The step that the present ceremony belongs to.
    var presentCeremony: String { state.withLock { $0.ceremony ?? $0.step } }

    /// Where the present ceremony stopped: at its user, or after the last leg that was reached.
    var failingLeg: String? {
        let legs = marks(of: presentCeremony).map(\.leg)
        return legs.contains("user refused") ? "user verification" : legs.last.map { "after \($0)" }
    }

    /// The last leg that was reached in the present step.
    var lastLeg: String? {
        state.withLock { state in
            let present = state.ceremony ?? state.step
            return state.marks.last { $0.step == present }?.leg
        }
    }
}

extension Duration {
    /// Milliseconds, with a fraction.
    var milliseconds: Double {
        Double(components.seconds) * 1000 + Double(components.attoseconds) / 1e15
    }
}
