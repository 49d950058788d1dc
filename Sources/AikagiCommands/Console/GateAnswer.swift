import SoftwareAuthenticator

/// What a person does when they are asked, in words: `approve`, `deny`, `fail`, `ignore`, `brief-touch`, `finger NAME`,
/// `sample STATUS [FINGER]`, each perhaps behind `delay SECONDS`.
struct GateAnswer: Equatable, Sendable {
    /// How long it takes.
    var delay: Duration = .zero
    /// What is answered; `nil` for nothing at all.
    var decision: UserDecision?

    /// Words of samples, by their status.
    static let samples: [(word: String, status: SampleStatus)] = [
        ("good", .good), ("too-high", .tooHigh), ("too-low", .tooLow), ("too-left", .tooLeft),
        ("too-right", .tooRight), ("too-fast", .tooFast), ("too-slow", .tooSlow), ("poor-quality", .poorQuality),
        ("too-skewed", .tooSkewed), ("too-short", .tooShort), ("merge-failure", .mergeFailure),
        ("exists", .exists), ("no-user-activity", .noUserActivity),
        ("no-presence-transition", .noUserPresenceTransition),
    ]

    /// An answer in words; `nil` when they are none.
    init?(_ text: some StringProtocol) {
        var words = text.split(whereSeparator: \.isWhitespace)[...]
        if words.first == "delay" {
            guard words.count >= 2, let seconds = Double(words[words.startIndex + 1]), (0...3600).contains(seconds)
            else {
                return nil
            }
            delay = .seconds(seconds)
            words = words.dropFirst(2)
            // After a delay alone somebody approves.
            if words.isEmpty { words = ["approve"] }
        }
        guard let verb = words.popFirst() else { return nil }
        let rest = words.joined(separator: " ")
        switch (verb, rest.isEmpty) {
        case ("approve", true): decision = .approved
        case ("deny", true): decision = .denied
        case ("fail", true): decision = .verificationFailed
        case ("ignore", true): decision = nil
        case ("brief-touch", true): decision = .briefTouch
        case ("finger", false): decision = .finger(rest)
        case ("sample", false):
            guard let word = words.popFirst(), let sample = Self.samples.first(where: { $0.word == word }) else {
                return nil
            }
            decision = .sample(sample.status, finger: words.joined(separator: " "))
        default: return nil
        }
    }

    /// Gives the answer.
    func perform() async -> UserDecision {
        guard let decision else {
            return await IgnoringGate().decide(UserRequest(.selection, needsVerification: false))
        }
        guard delay > .zero else { return decision }
        do { try await Task.sleep(for: delay) } catch { return .timedOut }  // the question was withdrawn
        return decision
    }
}
