import CTAP
import CTAPHID
import Synchronization

/// The state of one CTAPHID device, and what has to be done for it by the tasks of a ``CTAPHIDServer``.
///
/// What is to be sent is collected in order, whichever task has caused it, and sent by one task at a time.
final class CTAPHIDDevice: Sendable {
    private struct State {
        var machine: CTAPHIDAuthenticatorState
        var outgoing: [HIDReport] = []
        /// Whether a task is sending; it goes on as long as there is something.
        var isSending = false
        /// How the requests that are being executed are told to end.
        var ends: [CTAPHIDTransaction: Signal] = [:]
        /// When the next timer rings.
        var armed: ContinuousClock.Instant?
        var failure: (any Error)?
        /// Whether the client has gone, so that nothing is sent any more.
        var isClosed = false
    }

    /// A request that is to be executed.
    struct Request: Sendable {
        let transaction: CTAPHIDTransaction
        let message: CTAPHIDMessage
        /// Set when the request is to end, or has ended.
        let end: Signal
    }

    /// Set when there is something to do beside the reports that come in: send, start a timer, fail.
    let attention = Signal()
    /// Set when everything has been sent.
    let hasSent = Signal()
    private let state: Mutex<State>
    private let now: @Sendable () -> ContinuousClock.Instant
    private let wink: (@Sendable () -> Void)?

    init(
        configuration: CTAPHIDAuthenticatorState.Configuration, now: @escaping @Sendable () -> ContinuousClock.Instant,
        wink: (@Sendable () -> Void)?
    ) {
        state = Mutex(State(machine: CTAPHIDAuthenticatorState(configuration: configuration)))
        self.now = now
        self.wink = wink
    }

    /// Takes a report from the client; tells which request begins with it.
    func receive(_ report: HIDReport) -> Request? {
        let now = now()
        let (request, mustWink) = state.withLock { state in carryOut(state.machine.receive(report, now: now), &state) }
        if mustWink { wink?() }
        return request
    }

    /// Answers a request of a single report with which nothing else begins or ends.
    ///
    /// - Parameter answer: The answer's bytes; `nil` leaves the report, as if it had not come yet.
    /// - Returns: The answer's reports.
    func answerAtOnce(_ report: HIDReport, with answer: (CTAPHIDMessage) -> [UInt8]?) -> [HIDReport]? {
        state.withLock { state in
            guard !state.isSending, state.outgoing.isEmpty, !state.isClosed else { return nil }
            return state.machine.answer(report, now: now, with: answer)
        }
    }

    /// Tells the client what the authenticator is doing; may be called from anywhere.
    func update(_ status: KeepaliveStatus, of transaction: CTAPHIDTransaction) {
        let now = now()
        let shown: CTAPHIDKeepaliveStatus = status == .processing ? .processing : .userPresenceNeeded
        let mustSend = state.withLock { state in
            let actions = state.machine.update(shown, of: transaction, now: now)
            _ = carryOut(actions, &state)
            return !actions.isEmpty
        }
        if mustSend { attention.set() }
    }

    /// Takes the answer to a request, unless the request has been told to end; from then on it cannot be told to.
    ///
    /// - Returns: Whether it was taken.
    func respondUnlessEnded(to transaction: CTAPHIDTransaction, with bytes: [UInt8]) -> Bool {
        let now = now()
        return state.withLock { state in
            guard state.ends.removeValue(forKey: transaction) != nil else { return false }
            _ = carryOut(state.machine.respond(to: transaction, with: bytes, now: now), &state)
            return true
        }
    }

    /// Takes the answer to a request.
    func respond(to transaction: CTAPHIDTransaction, with bytes: [UInt8]) {
        let now = now()
        state.withLock { state in
            _ = carryOut(state.machine.respond(to: transaction, with: bytes, now: now), &state)
        }
    }

    /// Lets time pass: a timer has rung.
    func advance(past deadline: ContinuousClock.Instant) {
        let now = now()
        state.withLock { state in
            if state.armed == deadline { state.armed = nil }
            _ = carryOut(state.machine.advance(to: now), &state)
        }
        attention.set()
    }

    /// The moment for which a timer must be started, if none rings before.
    ///
    /// A timer that has become superfluous is let run out: it finds nothing to do.
    func deadlineToArm() -> ContinuousClock.Instant? {
        state.withLock { state in
            guard let deadline = state.machine.nextDeadline, state.armed.map({ deadline < $0 }) ?? true else {
                return nil
            }
            state.armed = deadline
            return deadline
        }
    }

    /// Whether ``deadlineToArm()`` would tell one.
    var needsTimer: Bool {
        state.withLock { state in
            guard let deadline = state.machine.nextDeadline else { return false }
            return state.armed.map { deadline < $0 } ?? true
        }
    }

    /// Ends the device: the client has gone, and whoever comes after it must not hear an answer that was for it.
    func close() {
        state.withLock { state in
            state.isClosed = true
            state.outgoing = []
        }
    }

    /// Ends the device: sending has failed.
    func fail(_ error: any Error) {
        state.withLock { state in
            state.failure = state.failure ?? error
            state.isSending = false
            state.outgoing = []
        }
        attention.set()
        hasSent.set()
    }

    /// Why sending failed, if it did.
    var failure: (any Error)? { state.withLock(\.failure) }

    /// Whether the caller is to send; it then asks ``nextToSend()`` until there is nothing.
    func beginSending() -> Bool {
        state.withLock { state in
            guard !state.isSending, !state.outgoing.isEmpty else { return false }
            state.isSending = true
            return true
        }
    }

    /// What is to be sent next.
    func nextToSend() -> [HIDReport]? {
        let reports = state.withLock { state -> [HIDReport]? in
            guard !state.outgoing.isEmpty else {
                state.isSending = false
                return nil
            }
            defer { state.outgoing = [] }
            return state.outgoing
        }
        if reports == nil { hasSent.set() }
        return reports
    }

    /// Whether another task is still sending.
    var isSending: Bool { state.withLock(\.isSending) }

    private func carryOut(
        _ actions: [CTAPHIDAuthenticatorAction], _ state: inout State
    ) -> (request: Request?, mustWink: Bool) {
        var request: Request?
        var mustWink = false
        for action in actions {
            switch action {
            case .send(let report): if !state.isClosed { state.outgoing.append(report) }
            case .begin(let transaction, let message):
                let end = Signal()
                state.ends[transaction] = end
                request = Request(transaction: transaction, message: message, end: end)
            case .cancel(let transaction): state.ends.removeValue(forKey: transaction)?.set()
            case .wink: mustWink = true
            }
        }
        return (request, mustWink)
    }
}
