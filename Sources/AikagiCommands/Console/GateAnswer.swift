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

    /// Answers as a script and a control socket have them: one, or one with the number of times that it is given.
    ///
    /// - Returns: `nil` when the words are none.
    static func repeated(_ text: some StringProtocol) -> [GateAnswer]? {
        let words = text.split(whereSeparator: \.isWhitespace)
        // "fail 3" is three failures; "finger 3" is a finger.
        if words.count > 1, let last = words.last.flatMap({ Int($0) }), (1...1000).contains(last),
            let answer = GateAnswer(words.dropLast().joined(separator: " "))
        {
            return Array(repeating: answer, count: last)
        }
        return GateAnswer(text).map { [$0] }
    }

    /// The words that stand for it.
    var words: String {
        let verb = Self.verb(of: decision)
        return delay > .zero ? "delay \(delay / .seconds(1)) \(verb)" : verb
    }

    fileprivate static func verb(of decision: UserDecision?) -> String {
        switch decision {
        case .approved: "approve"
        case .denied: "deny"
        case .verificationFailed: "fail"
        case .briefTouch: "brief-touch"
        case .finger(let name): "finger \(name)"
        case .sample(let status, let finger):
            "sample \(samples.first { $0.status == status }?.word ?? "")" + (finger.isEmpty ? "" : " \(finger)")
        case .timedOut, nil: "ignore"
        }
    }

    /// All of them, for sentences.
    static let vocabulary =
        "approve, deny, fail, ignore, brief-touch, finger NAME, sample STATUS [FINGER], delay SECONDS ANSWER"

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

    /// The answer if it takes no time.
    var immediateDecision: UserDecision? { delay > .zero ? nil : decision }

    /// Gives the answer.
    func perform(on clock: any Clock<Duration>) async -> UserDecision {
        guard let decision else {
            return await IgnoringGate().decide(UserRequest(.selection, needsVerification: false))
        }
        guard delay > .zero else { return decision }
        do { try await clock.sleep(for: delay) } catch { return .timedOut }  // the question was withdrawn
        return decision
    }
}

extension UserDecision {
    /// What events call it: `approved`, `denied`, `verificationFailed`, `timedOut`, `briefTouch`; a finger and a sample
    /// by the words that a script has for them.
    var word: String {
        switch self {
        case .approved: "approved"
        case .denied: "denied"
        case .verificationFailed: "verificationFailed"
        case .timedOut: "timedOut"
        case .briefTouch: "briefTouch"
        case .finger, .sample: GateAnswer.verb(of: self)
        }
    }
}
