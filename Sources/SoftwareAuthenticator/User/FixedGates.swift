/// Approves everything at once: for tests and unattended runs.
public struct ApprovingGate: BiometricGate {
    /// A gate that is always open.
    public init() {}

    /// Approves.
    public func decide(_ request: UserRequest) async -> UserDecision { .approved }

    /// Approves.
    public func immediateDecision(_ request: UserRequest) -> UserDecision? { .approved }
}

/// Declines everything at once, or fails in another way.
public struct DenyingGate: BiometricGate {
    private let decision: UserDecision

    /// A gate that is always closed.
    ///
    /// - Parameter decision: how it refuses.
    public init(_ decision: UserDecision = .denied) { self.decision = decision }

    /// Declines.
    public func decide(_ request: UserRequest) async -> UserDecision { decision }
}

/// Waits before another gate is asked: a person takes time, and clients must be seen to wait.
public struct DelayedGate: BiometricGate {
    private let delay: Duration
    private let clock: any Clock<Duration>
    private let gate: any BiometricGate

    /// Puts a delay before a gate.
    public init(after delay: Duration, clock: any Clock<Duration> = ContinuousClock(), then gate: any BiometricGate) {
        self.delay = delay
        self.clock = clock
        self.gate = gate
    }

    /// Waits, then asks the other gate.
    public func decide(_ request: UserRequest) async -> UserDecision {
        do {
            try await clock.sleep(for: delay)
        } catch {
            return .timedOut  // cancelled: nobody waits for the answer any more
        }
        return await gate.decide(request)
    }
}

/// Never reacts: the authenticator's own time-out ends the question.
public struct IgnoringGate: BiometricGate {
    /// A gate at which nobody is.
    public init() {}

    /// Waits until the question is withdrawn.
    public func decide(_ request: UserRequest) async -> UserDecision {
        // Nothing is ever sent through it: this waits for the cancellation only.
        let (cancellation, continuation) = AsyncStream<Never>.makeStream()
        for await _ in cancellation {}
        continuation.finish()
        return .timedOut
    }
}
