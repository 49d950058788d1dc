import CTAP
import SoftwareAuthenticator
import Synchronization

/// Something that a key does or that is done to it, as a JSON object for whoever watches.
struct KeyEvent: Encodable, Sendable {
    /// `asked`, `user`, `request`, `response`, `plugged`, `unplugged`, `power-cycled` or `clock`.
    var event: String
    /// The time since the key was started.
    var milliseconds: Double = 0
    /// What the key's own clock shows.
    var clockMilliseconds: Double = 0
    /// What the person is or was asked.
    var question: GateQuestion?
    /// What they answered, by ``UserDecision/word``, or `cancelled`.
    var decision: String?
    /// The command's name, of a request and of its response; `U2F` for one of CTAP1.
    var command: String?
    /// The response's status, `0x00`; a status word of two bytes for CTAP1.
    var status: String?
    /// The name of a status of CTAP2.
    var statusName: String?
    /// Whether the clock moves by itself.
    var isRunning: Bool?

    init(_ event: String) { self.event = event }
}

/// Those who watch a key.
final class KeyWatchers: Sendable {
    private struct State {
        var lastID: UInt64 = 0
        var watchers: [UInt64: AsyncStream<KeyEvent>.Continuation] = [:]
    }

    private let state = Mutex(State())
    private let clock: AdjustableClock
    private let eventLimit: Int
    private let began = ContinuousClock.now

    /// Nobody so far.
    ///
    /// - Parameters:
    ///   - clock: The key's.
    ///   - eventLimit: How many events are kept for somebody who does not read; then they watch no more.
    init(clock: AdjustableClock, eventLimit: Int = 10_000) {
        self.clock = clock
        self.eventLimit = eventLimit
    }

    /// What happens from now on.
    func watch() -> AsyncStream<KeyEvent> {
        let (events, continuation) = AsyncStream.makeStream(
            of: KeyEvent.self, bufferingPolicy: .bufferingOldest(eventLimit))
        let id = state.withLock { state in
            state.lastID += 1
            state.watchers[state.lastID] = continuation
            return state.lastID
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.watchers.removeValue(forKey: id) }
        }
        return events
    }

    /// Tells everybody.
    func note(_ event: @autoclosure () -> KeyEvent) {
        // In the lock, so that everybody hears everything in the same order.
        let slow = state.withLock { state -> [AsyncStream<KeyEvent>.Continuation] in
            guard !state.watchers.isEmpty else { return [] }
            var event = event()
            event.milliseconds = milliseconds(began.duration(to: .now))
            event.clockMilliseconds = milliseconds(clock.now.elapsed)
            return state.watchers.values.filter { watcher in
                if case .dropped = watcher.yield(event) { true } else { false }
            }
        }
        for watcher in slow { watcher.finish() }
    }

    /// A gate that tells everybody what the person is asked and what they answer.
    func observed(_ gate: any BiometricGate) -> ObservedGate {
        ObservedGate(
            gate: gate,
            asked: { [self] request in note(event("asked", request, nil)) },
            decided: { [self] request, decision in
                // A gate that nobody waits for any more has not decided anything.
                note(event("user", request, Task.isCancelled ? "cancelled" : decision.word))
            })
    }

    private func event(_ name: String, _ request: UserRequest, _ decision: String?) -> KeyEvent {
        var event = KeyEvent(name)
        (event.question, event.decision) = (GateQuestion(request), decision)
        return event
    }

    private func milliseconds(_ duration: Duration) -> Double { (duration / .milliseconds(1) * 100).rounded() / 100 }
}

/// Lets others watch what an authenticator is asked and answers.
struct WatchedAuthenticator: CTAP1Authenticator {
    let authenticator: any CTAP1Authenticator
    let watchers: KeyWatchers

    var answersCTAP1: Bool { authenticator.answersCTAP1 }

    func respond(to request: CTAPRequest, in context: CTAPRequestContext) async -> CTAPResponse {
        watchers.note(event("request", request.command.description))
        let response = await authenticator.respond(to: request, in: context)
        watchers.note(event("response", request.command.description, response.status))
        return response
    }

    func respondAtOnce(to request: CTAPRequest) -> CTAPResponse? {
        guard let response = authenticator.respondAtOnce(to: request) else { return nil }
        watchers.note(event("request", request.command.description))
        watchers.note(event("response", request.command.description, response.status))
        return response
    }

    func respond(toAPDU apdu: [UInt8], in context: CTAPRequestContext) async -> [UInt8] {
        watchers.note(event("request", "U2F"))
        let response = await authenticator.respond(toAPDU: apdu, in: context)
        watchers.note(event("response", "U2F", statusWord: response.suffix(2)))
        return response
    }

    private func event(
        _ name: String, _ command: String, _ status: CTAPStatus? = nil, statusWord: ArraySlice<UInt8>? = nil
    ) -> KeyEvent {
        var event = KeyEvent(name)
        event.command = command
        event.status = (status.map { [$0.rawValue] } ?? statusWord.map { Array($0) }).map { "0x" + hexadecimal($0) }
        event.statusName = status?.description
        return event
    }
}
