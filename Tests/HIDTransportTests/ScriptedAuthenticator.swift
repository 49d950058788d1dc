import CTAP
import Synchronization

/// Answers by command: an echo at once, or whatever the test releases.
final class ScriptedAuthenticator: CTAPAuthenticator {
    private struct State {
        var requests: [CTAPRequest] = []
        var channels: [UInt32] = []
        var cancelledCount = 0
        var started: [CheckedContinuation<Void, Never>] = []
        var waiting: CheckedContinuation<CTAPResponse, Never>?
    }

    private let state = Mutex(State())

    /// The requests so far.
    var requests: [CTAPRequest] { state.withLock(\.requests) }
    /// Their channels.
    var channels: [UInt32] { state.withLock(\.channels) }
    /// How many were cancelled.
    var cancelledCount: Int { state.withLock(\.cancelledCount) }

    /// makeCredential waits for the user, everything else is echoed.
    func respond(to request: CTAPRequest, in context: CTAPRequestContext) async -> CTAPResponse {
        state.withLock { state in
            state.requests.append(request)
            if case .hid(let channel) = context.transport { state.channels.append(channel) }
        }
        guard request.command == .makeCredential else { return CTAPResponse(.success, data: request.parameters) }
        context.report(.userPresenceNeeded)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isCancelled = Task.isCancelled
                let started = state.withLock { state in
                    state.waiting = isCancelled ? nil : continuation
                    defer { state.started = [] }
                    return state.started
                }
                if isCancelled { continuation.resume(returning: CTAPResponse(.keepaliveCancel)) }
                for waiter in started { waiter.resume() }
            }
        } onCancel: {
            let waiting = state.withLock { state in
                state.cancelledCount += 1
                defer { state.waiting = nil }
                return state.waiting
            }
            waiting?.resume(returning: CTAPResponse(.keepaliveCancel))
        }
    }

    /// Lets the waiting request succeed.
    func approve() {
        let waiting = state.withLock { state in
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume(returning: CTAPResponse(.success, data: [0xA0]))
    }
}

/// Echoes what it is asked, in CTAP1 with the status word for success.
struct ScriptedCTAP1Authenticator: CTAP1Authenticator {
    var answersCTAP1: Bool { true }

    func respond(toAPDU apdu: [UInt8], in context: CTAPRequestContext) async -> [UInt8] { apdu + [0x90, 0x00] }

    func respond(to request: CTAPRequest, in context: CTAPRequestContext) async -> CTAPResponse {
        CTAPResponse(.success, data: request.parameters)
    }
}
