import CTAP
import SoftwareAuthenticator
import Synchronization

/// Remembers what it was asked and answers as told.
final class RecordingGate: BiometricGate {
    private let state: Mutex<(decision: UserDecision, requests: [UserRequest])>

    init(_ decision: UserDecision = .approved) { state = Mutex((decision, [])) }

    var requests: [UserRequest] { state.withLock(\.requests) }

    func answer(_ decision: UserDecision) { state.withLock { $0.decision = decision } }

    func decide(_ request: UserRequest) async -> UserDecision {
        state.withLock { state in
            state.requests.append(request)
            return state.decision
        }
    }
}

/// Announces each request and waits for the test's answer, or for its task's end.
final class WaitingGate: BiometricGate {
    let calls: AsyncStream<UserRequest>
    private let called: AsyncStream<UserRequest>.Continuation
    private let pending = Mutex<AsyncStream<UserDecision>.Continuation?>(nil)

    init() { (calls, called) = AsyncStream.makeStream() }

    func decide(_ request: UserRequest) async -> UserDecision {
        let (answers, continuation) = AsyncStream<UserDecision>.makeStream()
        pending.withLock { $0 = continuation }
        called.yield(request)
        for await answer in answers { return answer }
        return .timedOut
    }

    /// Waits until the gate is asked.
    func nextCall() async -> UserRequest? {
        for await call in calls { return call }
        return nil
    }

    func answer(_ decision: UserDecision) { _ = pending.withLock { $0?.yield(decision) } }
}

/// Collects keepalives.
final class Keepalives: Sendable {
    private let state = Mutex<[KeepaliveStatus]>([])

    var all: [KeepaliveStatus] { state.withLock { $0 } }

    func context(_ transport: CTAPRequestContext.Transport = .inProcess) -> CTAPRequestContext {
        CTAPRequestContext(transport: transport) { status in self.state.withLock { $0.append(status) } }
    }
}

/// Collects reports of failures.
final class Failures: Sendable {
    private let state = Mutex<[String]>([])

    var all: [String] { state.withLock { $0 } }

    func append(_ text: String) { state.withLock { $0.append(text) } }
}
