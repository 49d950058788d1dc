public import CTAP
public import CTAPHID

/// Joins an authenticator to a stream of HID reports: the door that a security key on USB is.
///
/// The rules of CTAPHID are ``CTAPHIDAuthenticatorState``'s; this carries out its actions. One request is executed at
/// a time, each in a child task of ``run()``. CTAPHID_CANCEL, resynchronisation and the end of the channel cancel that
/// task. An authenticator that is a `CTAP1Authenticator` answers CTAPHID_MSG as well.
public struct CTAPHIDServer: Sendable {
    private let authenticator: any CTAPAuthenticator
    private let channel: any HIDReportChannel
    private let configuration: CTAPHIDAuthenticatorState.Configuration
    private let readAhead: Int
    private let wink: (@Sendable () -> Void)?
    private let now: @Sendable () -> ContinuousClock.Instant
    private let sleep: @Sendable (ContinuousClock.Instant) async throws -> Void

    /// A server for one virtual device.
    ///
    /// - Parameters:
    ///   - authenticator: Who answers requests.
    ///   - channel: Where reports come from and go to.
    ///   - configuration: What the device says about itself; the WINK and NMSG capabilities are set by whether there is a
    ///     `wink`, and whether the authenticator speaks CTAP1.
    ///   - clock: Tells time-outs and keepalives.
    ///   - readAhead: How many reports may be read ahead of their handling; with 0, none is read before everything that
    ///     the one before leads to at once has been sent.
    ///   - wink: Shows people which device this is, at CTAPHID_WINK; must return at once.
    public init<C: Clock>(
        authenticator: any CTAPAuthenticator, channel: any HIDReportChannel,
        configuration: CTAPHIDAuthenticatorState.Configuration = .init(), clock: C = ContinuousClock(),
        readAhead: Int = 64, wink: (@Sendable () -> Void)? = nil
    ) where C.Instant == ContinuousClock.Instant {
        self.authenticator = authenticator
        self.channel = channel
        var configuration = configuration
        if wink == nil {
            configuration.capabilities.remove(.wink)
        } else {
            configuration.capabilities.insert(.wink)
        }
        if authenticator is any CTAP1Authenticator {
            configuration.capabilities.remove(.noMessage)
        } else {
            configuration.capabilities.insert(.noMessage)
        }
        self.configuration = configuration
        self.readAhead = readAhead
        self.wink = wink
        now = { clock.now }
        sleep = { deadline in try await clock.sleep(until: deadline, tolerance: nil) }
    }

    /// Serves until the other side closes the channel or the task is cancelled; then everything has ended.
    ///
    /// - Throws: What the channel throws.
    public func run() async throws {
        let (events, inbox) = AsyncStream.makeStream(of: Event.self)
        let credits = Credits(limit: readAhead)
        // Discarding: a plain group would keep every finished request's result for as long as the device lives.
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                // A failure goes the way of the reports: one that this task threw would not end the loop that waits
                // for them.
                do {
                    for try await report in channel.reports {
                        inbox.yield(.report(report))
                        guard await credits.take() else { break }
                    }
                    inbox.yield(.closed)
                } catch {
                    inbox.yield(.failed(error))
                }
            }
            try await serve(events, inbox: inbox, credits: credits, in: &group)
            group.cancelAll()
        }
    }

    private enum Event: Sendable {
        case report(HIDReport)
        case status(KeepaliveStatus, CTAPHIDTransaction)
        case answer([UInt8], CTAPHIDTransaction)
        case deadline(ContinuousClock.Instant)
        case closed
        case failed(any Error)
    }

    private func serve(
        _ events: AsyncStream<Event>, inbox: AsyncStream<Event>.Continuation, credits: Credits,
        in group: inout ThrowingDiscardingTaskGroup<any Error>
    ) async throws {
        var state = CTAPHIDAuthenticatorState(configuration: configuration)
        var cancellations: [CTAPHIDTransaction: AsyncStream<Void>.Continuation] = [:]
        var armed: ContinuousClock.Instant?
        for await event in events {
            let actions: [CTAPHIDAuthenticatorAction]
            var isReport = false
            switch event {
            case .report(let report):
                actions = state.receive(report, now: now())
                isReport = true
            case .status(let status, let transaction):
                let shown: CTAPHIDKeepaliveStatus = status == .processing ? .processing : .userPresenceNeeded
                actions = state.update(shown, of: transaction, now: now())
            case .answer(let response, let transaction):
                cancellations.removeValue(forKey: transaction)?.finish()
                actions = state.respond(to: transaction, with: response, now: now())
            case .deadline(let deadline):
                if armed == deadline { armed = nil }
                actions = state.advance(to: now())
            case .closed:
                return
            case .failed(let error):
                throw error
            }
            var reports: [HIDReport] = []
            for action in actions {
                switch action {
                case .send(let report):
                    reports.append(report)
                case .begin(let transaction, let message):
                    let (cancellation, cancel) = AsyncStream.makeStream(of: Void.self)
                    cancellations[transaction] = cancel
                    group.addTask {
                        let response = await execute(message, of: transaction, inbox: inbox, until: cancellation)
                        inbox.yield(.answer(response, transaction))
                    }
                case .cancel(let transaction):
                    cancellations.removeValue(forKey: transaction)?.finish()
                case .wink:
                    wink?()
                }
            }
            // After the other actions: they only start or stop something, and whoever does not read must not keep a
            // request from being cancelled.
            if !reports.isEmpty { try await channel.send(contentsOf: reports) }
            if isReport { credits.give() }
            // A timer that has become superfluous is let run out: it finds nothing to do.
            if let deadline = state.nextDeadline, armed.map({ deadline < $0 }) ?? true {
                armed = deadline
                group.addTask {
                    do {
                        try await sleep(deadline)
                        inbox.yield(.deadline(deadline))
                    } catch {
                        // Only cancellation ends a sleep early, and then nobody listens any more.
                    }
                }
            }
        }
    }

    /// Lets the authenticator answer; the end of `cancellation` cancels its task.
    private func execute(
        _ message: CTAPHIDMessage, of transaction: CTAPHIDTransaction, inbox: AsyncStream<Event>.Continuation,
        until cancellation: AsyncStream<Void>
    ) async -> [UInt8] {
        let context = CTAPRequestContext(transport: .hid(channel: transaction.channel.rawValue)) { status in
            inbox.yield(.status(status, transaction))
        }
        return await withTaskGroup(of: [UInt8]?.self) { group in
            group.addTask { await answer(message, in: context) }
            group.addTask {
                for await _ in cancellation {}
                return nil
            }
            var response = CTAPResponse(.keepaliveCancel).message
            for await result in group {
                if let result { response = result }
                group.cancelAll()
            }
            return response
        }
    }

    private func answer(_ message: CTAPHIDMessage, in context: CTAPRequestContext) async -> [UInt8] {
        if message.command == .message, let authenticator = authenticator as? any CTAP1Authenticator {
            return await authenticator.respond(toAPDU: message.bytes, in: context)
        }
        guard let request = CTAPRequest(message: message.bytes) else { return CTAPResponse(.invalidLength).message }
        return await authenticator.respond(to: request, in: context).message
    }
}

/// Lets a reader run only so far ahead of whoever handles what it reads.
private struct Credits: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init(limit: Int) {
        (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        for _ in 0..<limit { continuation.yield() }
    }

    func give() { continuation.yield() }

    /// Waits for a credit; `false` when the task was cancelled.
    func take() async -> Bool {
        var iterator = stream.makeAsyncIterator()
        return await iterator.next() != nil
    }
}
