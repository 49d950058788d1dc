import SoftwareAuthenticator
import Synchronization

/// A person who declines, but not for ever: asked the same again and again, they react no longer.
///
/// Firefox (checked with ESR 153) takes the refusal of a key that verifies users for a finger that was not recognised, and
/// asks again at once, without end.
final class DecliningGate: BiometricGate {
    /// How often the same question is declined within ``span``.
    static let patience = 3
    /// The time in which the same question counts as asked again.
    static let span: Duration = .seconds(2)

    private struct Memory {
        var request: UserRequest?
        var count = 0
        var since: ContinuousClock.Instant?
    }

    private let now: @Sendable () -> ContinuousClock.Instant
    private let memory = Mutex(Memory())

    init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) { self.now = now }

    func decide(_ request: UserRequest) async -> UserDecision {
        let now = now()
        let isPatient = memory.withLock { memory in
            if memory.request != request || memory.since.map({ now - $0 > DecliningGate.span }) ?? true {
                memory = Memory(request: request, count: 0, since: now)
            }
            memory.count += 1
            return memory.count <= DecliningGate.patience
        }
        return isPatient ? .denied : await IgnoringGate().decide(request)
    }
}
