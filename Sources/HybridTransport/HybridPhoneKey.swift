public import CTAP
import Foundation
public import HybridProtocol
import Synchronization
import WebAuthnModel

/// A phone that is used as if it were a security key: each ceremony shows a QR code, and the phone that scans it answers.
///
/// For clients that know keys but no hybrid transport. What is asked before a phone is there (authenticatorGetInfo) is
/// answered here, with what every phone can do; all else is passed on undecoded. One ceremony lasts for as long as requests
/// follow each other, so that a client can look for credentials first and use one then.
public final class HybridPhoneKey: CTAPAuthenticator {
    private let makeSession: @Sendable (HybridQRKey) -> HybridClientSession
    private let show: @Sendable (HybridQRCode) async -> Void
    private let idleLimit: Duration
    private let clock: any Clock<Duration>
    private let jobs: AsyncStream<Job>
    private let inbox: AsyncStream<Job>.Continuation

    /// A key behind which there is a phone.
    ///
    /// - Parameters:
    ///   - idleLimit: How long a phone is kept after a response.
    ///   - session: The client platform's side of a ceremony with a QR code's key.
    ///   - show: Shows the code; may return when it likes.
    public init(
        idleLimit: Duration = .seconds(5), clock: any Clock<Duration> = ContinuousClock(),
        session: @escaping @Sendable (HybridQRKey) -> HybridClientSession,
        show: @escaping @Sendable (HybridQRCode) async -> Void
    ) {
        makeSession = session
        self.show = show
        self.idleLimit = idleLimit
        self.clock = clock
        (jobs, inbox) = AsyncStream.makeStream(of: Job.self)
    }

    /// What the client is told before there is a phone.
    ///
    /// The model is unknown until then: sixteen zeros, as from an authenticator without attestation.
    static let info = AuthenticatorInfo(
        versions: ["FIDO_2_0"], aaguid: AAGUID.zero, options: ["rk": true, "up": true, "uv": true],
        maximumMessageSize: 7609)

    /// Answers, or lets the phone answer.
    public func respond(to request: CTAPRequest, in context: CTAPRequestContext) async -> CTAPResponse {
        guard request.command != .getInfo else { return HybridPhoneKey.info.response }
        context.report(.userPresenceNeeded)
        let (cancellation, cancel) = AsyncStream.makeStream(of: Void.self)
        let withdrawal = Withdrawal()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let job = Job(
                    request: request, cancellation: cancellation, withdrawal: withdrawal, reply: Reply(continuation))
                if case .enqueued = inbox.yield(job) {} else { job.reply(CTAPResponse(.keepaliveCancel)) }
            }
        } onCancel: {
            withdrawal.make()
            cancel.finish()
        }
    }

    /// Carries ceremonies out, one at a time, until the task is cancelled.
    public func run() async {
        // At the end nobody must wait for an answer that will not come.
        defer { inbox.finish() }
        await withDiscardingTaskGroup { group in
            var ceremony: Ceremony?
            for await job in jobs {
                if let ceremony, ceremony.accept(job) { continue }
                let next = Ceremony(first: job)
                ceremony = next
                group.addTask { await self.carryOut(next) }
            }
            group.cancelAll()
        }
    }

    private func carryOut(_ ceremony: Ceremony) async {
        let failure = await withTaskGroup(of: (any Error)?.self) { group in
            group.addTask {
                do {
                    try await self.meet(ceremony)
                    return nil
                } catch {
                    return error
                }
            }
            group.addTask {
                // Until there is a phone, the end of the first request is the end of the ceremony.
                for await _ in ceremony.first.cancellation {}
                guard !ceremony.hasPhone else {
                    for await _ in ceremony.ends {}
                    return nil
                }
                return CancellationError()
            }
            let failure = await group.next() ?? nil
            group.cancelAll()
            return failure
        }
        let status: CTAPStatus =
            switch failure {
            case nil, is CancellationError: .keepaliveCancel
            case let error as HybridSessionError: error.isTimeOut ? .userActionTimeout : .other
            default: .other
            }
        for job in ceremony.close() { job.reply(CTAPResponse(status)) }
    }

    /// Shows a code, waits for the phone, and lets it answer until no request follows.
    private func meet(_ ceremony: Ceremony) async throws {
        var generator = SystemRandomNumberGenerator()
        let key = try HybridQRKey(using: &generator)
        let hint: HybridOperationHint =
            ceremony.first.request.command == .makeCredential ? .makeCredential : .getAssertion
        let code = key.qrCode(hint: hint, timestamp: UInt64(max(0, Date().timeIntervalSince1970)))
        let (show, session, idleLimit, clock) = (show, makeSession(key), idleLimit, clock)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await show(code) }
            group.addTask {
                try await session.withPhone { phone in
                    ceremony.noteThatThereIsAPhone()
                    await withDiscardingTaskGroup { timers in
                        while let job = await ceremony.next() {
                            let response = await HybridPhoneKey.response(of: phone, to: job)
                            // A phone that was given up, or has gone, is not asked again: the next request begins anew.
                            if await phone.isOver { ceremony.end(unlessMoreThan: .max) }
                            job.reply(response)
                            let count = ceremony.count
                            timers.addTask {
                                do { try await clock.sleep(for: idleLimit) } catch { return }  // the ceremony is over
                                ceremony.end(unlessMoreThan: count)
                            }
                        }
                        timers.cancelAll()
                    }
                }
                ceremony.end(unlessMoreThan: .max)
            }
            // The code's being shown may outlast the ceremony.
            for try await _ in group where ceremony.hasEnded { break }
            group.cancelAll()
        }
    }

    /// Lets the phone answer; the end of the job's wish cancels it.
    private static func response(of phone: HybridPhone, to job: Job) async -> CTAPResponse {
        await withTaskGroup(of: CTAPResponse?.self) { group in
            group.addTask {
                await phone.respond(to: job.request, in: CTAPRequestContext(transport: .inProcess))
            }
            group.addTask {
                for await _ in job.cancellation {}
                return nil
            }
            var response = CTAPResponse(.keepaliveCancel)
            for await result in group {
                if let result { response = result }
                group.cancelAll()
            }
            return response
        }
    }
}

extension HybridSessionError {
    fileprivate var isTimeOut: Bool { if case .timedOut = self { true } else { false } }
}

/// A request that waits for its answer.
private struct Job: Sendable {
    let request: CTAPRequest
    /// Ends when nobody waits any more.
    let cancellation: AsyncStream<Void>
    /// Says so at once.
    let withdrawal: Withdrawal
    private let answer: Reply

    init(request: CTAPRequest, cancellation: AsyncStream<Void>, withdrawal: Withdrawal, reply: Reply) {
        self.request = request
        self.cancellation = cancellation
        self.withdrawal = withdrawal
        answer = reply
    }

    func reply(_ response: CTAPResponse) { answer.give(response) }
}

/// Whether nobody waits for an answer any more.
private final class Withdrawal: Sendable {
    private let flag = Atomic(false)

    var isMade: Bool { flag.load(ordering: .acquiring) }

    func make() { flag.store(true, ordering: .releasing) }
}

/// An answer that is given once; later ones are for nobody.
private final class Reply: Sendable {
    private let continuation: Mutex<CheckedContinuation<CTAPResponse, Never>?>

    init(_ continuation: CheckedContinuation<CTAPResponse, Never>) { self.continuation = Mutex(continuation) }

    func give(_ response: CTAPResponse) {
        let waiting = continuation.withLock { continuation in
            defer { continuation = nil }
            return continuation
        }
        waiting?.resume(returning: response)
    }
}

/// Requests that one phone answers.
private final class Ceremony: Sendable {
    private struct State {
        var waiting: [Job] = []
        var count = 1
        var hasEnded = false
        var hasPhone = false
        var waiter: CheckedContinuation<Job?, Never>?
    }

    let first: Job
    /// Ends with the ceremony.
    let ends: AsyncStream<Void>
    private let ended: AsyncStream<Void>.Continuation
    private let state: Mutex<State>

    init(first: Job) {
        self.first = first
        (ends, ended) = AsyncStream.makeStream(of: Void.self)
        state = Mutex(State(waiting: [first]))
    }

    var count: Int { state.withLock(\.count) }
    var hasEnded: Bool { state.withLock(\.hasEnded) }
    var hasPhone: Bool { state.withLock(\.hasPhone) }

    func noteThatThereIsAPhone() { state.withLock { $0.hasPhone = true } }

    /// Takes one more request, unless the ceremony has ended or is about to, as its first request was withdrawn.
    func accept(_ job: Job) -> Bool {
        let (isTaken, waiter) = state.withLock { state -> (Bool, CheckedContinuation<Job?, Never>?) in
            guard !state.hasEnded, state.hasPhone || !first.withdrawal.isMade else { return (false, nil) }
            state.count += 1
            guard let waiter = state.waiter else {
                state.waiting.append(job)
                return (true, nil)
            }
            state.waiter = nil
            return (true, waiter)
        }
        waiter?.resume(returning: job)
        return isTaken
    }

    /// The next request; `nil` when the ceremony has ended or the task is cancelled.
    func next() async -> Job? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let outcome = state.withLock { state -> Job?? in
                    if !state.waiting.isEmpty { return .some(state.waiting.removeFirst()) }
                    guard !state.hasEnded else { return .some(nil) }
                    state.waiter = continuation
                    return nil
                }
                if let outcome { continuation.resume(returning: outcome) }
            }
        } onCancel: {
            end(unlessMoreThan: .max)
        }
    }

    /// Ends the ceremony if no request has come since there were so many.
    func end(unlessMoreThan count: Int) {
        let waiter = state.withLock { state -> CheckedContinuation<Job?, Never>? in
            guard state.count <= count else { return nil }
            state.hasEnded = true
            defer { state.waiter = nil }
            return state.waiter
        }
        if hasEnded { ended.finish() }
        waiter?.resume(returning: nil)
    }

    /// Ends it, and returns what has not been answered.
    func close() -> [Job] {
        end(unlessMoreThan: .max)
        return state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
    }
}
