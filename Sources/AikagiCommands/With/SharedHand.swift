import SoftwareAuthenticator
import Synchronization

/// One person with several keys, who approves everything but touches only one key at a time: the one that leads on.
///
/// Clients ask every key that is plugged in, and take the first answer, even a refusal. So a person who sees several
/// keys blink touches the one with a passkey for the site; for a new passkey, the first of them. What remains is
/// touched when it goes on blinking.
final class SharedHand: Sendable {
    /// How long the person looks before touching one of several keys.
    static let lookingTime: Duration = .milliseconds(150)
    /// How long the others may blink before the next is touched; clients withdraw their questions within milliseconds.
    static let patience: Duration = .seconds(2)

    private struct Question {
        let key: Int
        let rank: Int
        /// Until when another key's answer is waited for.
        var restsUntil: ContinuousClock.Instant?
        let answer: CheckedContinuation<UserDecision, Never>
    }

    private struct State {
        var plugged: Set<Int> = []
        var questions: [UInt64: Question] = [:]
        var cancelled: Set<UInt64> = []
        var lastID: UInt64 = 0
    }

    private let now: @Sendable () -> ContinuousClock.Instant
    private let sleep: @Sendable (ContinuousClock.Instant) async throws -> Void
    private let state = Mutex(State())

    init<C: Clock>(clock: C = ContinuousClock()) where C.Instant == ContinuousClock.Instant {
        now = { clock.now }
        sleep = { moment in try await clock.sleep(until: moment, tolerance: nil) }
    }

    /// Says that a key has come or gone.
    func set(_ key: Int, isPlugged: Bool) {
        state.withLock { state in
            if isPlugged { state.plugged.insert(key) } else { state.plugged.remove(key) }
        }
    }

    /// The gate of a key.
    func gate(of key: Int) -> any BiometricGate { KeyGate(hand: self, key: key) }

    private struct KeyGate: BiometricGate {
        let hand: SharedHand
        let key: Int

        func decide(_ request: UserRequest) async -> UserDecision { await hand.decide(request, key: key) }
    }

    private func decide(_ request: UserRequest, key: Int) async -> UserDecision {
        if state.withLock({ $0.plugged.count < 2 }) { return .approved }
        return await wait(key, SharedHand.rank(request))
    }

    /// How much it leads on to touch a key that asks this.
    private static func rank(_ request: UserRequest) -> Int {
        switch request.reason {
        case .getAssertion: request.isFutile ? 0 : 3
        // Chromium and Firefox ask keys that have no part in a ceremony to make a credential for one of these names, so
        // that they blink all the same.
        case .makeCredential(let site, _, _) where [".dummy", "make.me.blink"].contains(site): 0
        case .makeCredential: request.isFutile ? 1 : 2
        case .excludedCredential: 1
        case .management, .enrollFinger, .unnamedRelyingParty: 1
        case .selection, .reset, .resetByLongTouch, .scan: 0
        }
    }

    /// Waits until this question's key is touched, or the task is cancelled.
    private func wait(_ key: Int, _ rank: Int) async -> UserDecision {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        return await withTaskGroup(of: UserDecision?.self) { group in
            group.addTask { [self] in
                await withTaskCancellationHandler {
                    await withCheckedContinuation { continuation in
                        let isCancelled = state.withLock { state in
                            if state.cancelled.remove(id) != nil { return true }
                            state.questions[id] = Question(key: key, rank: rank, answer: continuation)
                            return false
                        }
                        if isCancelled { continuation.resume(returning: .timedOut) }
                    }
                } onCancel: {
                    withdraw(id)
                }
            }
            group.addTask { [self] in
                do {
                    var moment = now() + SharedHand.lookingTime
                    while true {
                        try await sleep(moment)
                        moment = touchBest(askedBy: id)
                    }
                } catch {
                    return nil  // answered or withdrawn
                }
            }
            var decision = UserDecision.timedOut
            for await result in group {
                if let result {
                    decision = result
                    group.cancelAll()
                }
            }
            state.withLock { _ = $0.cancelled.remove(id) }
            return decision
        }
    }

    /// Touches the best of the keys that have blinked for long enough; the others then rest.
    ///
    /// - Returns: When the question that asked is to look again.
    private func touchBest(askedBy id: UInt64) -> ContinuousClock.Instant {
        let now = now()
        let (answer, next) = state.withLock {
            state -> (CheckedContinuation<UserDecision, Never>?, ContinuousClock.Instant) in
            if let rest = state.questions[id]?.restsUntil, rest > now { return (nil, rest) }
            let ready = state.questions.filter { ($0.value.restsUntil ?? now) <= now }
            let best = ready.max { ($0.value.rank, -$0.value.key) < ($1.value.rank, -$1.value.key) }
            guard let best else { return (nil, now + SharedHand.patience) }
            state.questions.removeValue(forKey: best.key)
            let rest = now + SharedHand.patience
            for other in state.questions.keys { state.questions[other]?.restsUntil = rest }
            return (best.value.answer, rest)
        }
        answer?.resume(returning: .approved)
        return next
    }

    private func withdraw(_ id: UInt64) {
        let answer = state.withLock { state -> CheckedContinuation<UserDecision, Never>? in
            guard let question = state.questions.removeValue(forKey: id) else {
                state.cancelled.insert(id)
                return nil
            }
            return question.answer
        }
        answer?.resume(returning: .timedOut)
    }
}
