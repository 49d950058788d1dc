public import CTAP
public import CTAPHID

/// Joins an authenticator to a stream of HID reports: the door that a security key on USB is.
///
/// The rules of CTAPHID are ``CTAPHIDAuthenticatorState``'s; this carries out its actions. One request is executed at
/// a time, each in a child task of ``run()`` unless the authenticator answers it at once. CTAPHID_CANCEL, resynchronisation and the end of the channel cancel that
/// task. No report is read before everything that the one before leads to at once has been sent. An authenticator that
/// is a `CTAP1Authenticator` answers CTAPHID_MSG as well.
public struct CTAPHIDServer: Sendable {
    private let authenticator: any CTAPAuthenticator
    private let channel: any HIDReportChannel
    private let configuration: CTAPHIDAuthenticatorState.Configuration
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
    ///   - wink: Shows people which device this is, at CTAPHID_WINK; must return at once.
    public init<C: Clock>(
        authenticator: any CTAPAuthenticator, channel: any HIDReportChannel,
        configuration: CTAPHIDAuthenticatorState.Configuration = .init(), clock: C = ContinuousClock(),
        wink: (@Sendable () -> Void)? = nil
    ) where C.Instant == ContinuousClock.Instant {
        self.authenticator = authenticator
        self.channel = channel
        var configuration = configuration
        if wink == nil {
            configuration.capabilities.remove(.wink)
        } else {
            configuration.capabilities.insert(.wink)
        }
        if (authenticator as? any CTAP1Authenticator)?.answersCTAP1 ?? false {
            configuration.capabilities.remove(.noMessage)
        } else {
            configuration.capabilities.insert(.noMessage)
        }
        self.configuration = configuration
        self.wink = wink
        now = { clock.now }
        sleep = { deadline in try await clock.sleep(until: deadline, tolerance: nil) }
    }

    /// Serves until the other side closes the channel or the task is cancelled; then everything has ended.
    ///
    /// - Throws: What the channel throws.
    public func run() async throws {
        let device = CTAPHIDDevice(configuration: configuration, now: now, wink: wink)
        channel.setAttendant { [authenticator] report in
            device.answerAtOnce(report) { CTAPHIDServer.answerAtOnce($0, by: authenticator) }
        }
        defer { channel.setAttendant(nil) }
        try await withTaskCancellationHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await read(for: device) }
                group.addTask { try await attend(to: device) }
                // The reader ends with the channel; whoever attends only when it cannot send any more.
                defer { group.cancelAll() }
                try await group.next()
            }
        } onCancel: {
            device.close()
        }
    }

    /// Takes reports, and executes the requests that are complete.
    private func read(for device: CTAPHIDDevice) async throws {
        // Discarding: a plain group would keep every finished request's result for as long as the device lives.
        try await withThrowingDiscardingTaskGroup { requests in
            defer { device.close() }
            for try await report in channel.reports {
                let request = device.receive(report)
                // At once, that is, up to its first wait, which for most requests is their end: going through the
                // executor's queue would cost more than answering them.
                if let request, !answersAtOnce(request, for: device) {
                    requests.addImmediateTask { await execute(request, for: device) }
                }
                await send(for: device)
                while device.isSending, !Task.isCancelled { await device.hasSent.wait() }
                if device.needsTimer { device.attention.set() }
            }
            requests.cancelAll()
        }
    }

    /// Does what is to be done between reports: keepalives, time-outs.
    private func attend(to device: CTAPHIDDevice) async throws {
        try await withThrowingDiscardingTaskGroup { timers in
            while !Task.isCancelled {
                await device.attention.wait()
                if let failure = device.failure { throw failure }
                if let deadline = device.deadlineToArm() {
                    timers.addTask {
                        do {
                            try await sleep(deadline)
                            device.advance(past: deadline)
                        } catch {
                            // Only cancellation ends a sleep early, and then nobody is there any more.
                        }
                    }
                }
                await send(for: device)
            }
            timers.cancelAll()
        }
    }

    /// Sends what there is to send, unless another task is just doing that.
    private func send(for device: CTAPHIDDevice) async {
        guard device.beginSending() else { return }
        do {
            while let reports = device.nextToSend() { try await channel.send(contentsOf: reports) }
        } catch {
            device.fail(error)
        }
    }

    /// Lets the authenticator answer; the request's end cancels its task.
    private func execute(_ request: CTAPHIDDevice.Request, for device: CTAPHIDDevice) async {
        let transaction = request.transaction
        let context = CTAPRequestContext(transport: .hid(channel: transaction.channel.rawValue)) { status in
            device.update(status, of: transaction)
        }
        let late = await withTaskGroup(of: [UInt8]?.self) { group in
            group.addImmediateTask {
                let bytes = await answer(request.message, in: context)
                defer { request.end.set() }
                guard device.respondUnlessEnded(to: transaction, with: bytes) else { return bytes }
                await send(for: device)
                return nil
            }
            await request.end.wait()
            group.cancelAll()
            return await group.next() ?? nil
        }
        // An answer after CTAPHID_CANCEL. Not in the task that has been cancelled: a channel would take that for the end.
        guard let late else { return }
        device.respond(to: transaction, with: late)
        await send(for: device)
    }

    /// Lets the authenticator answer without a task, if it can.
    private func answersAtOnce(_ request: CTAPHIDDevice.Request, for device: CTAPHIDDevice) -> Bool {
        guard let bytes = CTAPHIDServer.answerAtOnce(request.message, by: authenticator) else { return false }
        return device.respondUnlessEnded(to: request.transaction, with: bytes)
    }

    /// The bytes of the answer, if the authenticator has one at once.
    private static func answerAtOnce(
        _ message: CTAPHIDMessage, by authenticator: any CTAPAuthenticator
    ) -> [UInt8]? {
        guard message.command == .cbor, let request = request(in: message) else { return nil }
        return authenticator.respondAtOnce(to: request)?.message
    }

    /// The request of a CTAPHID_CBOR message; `nil` if that is empty.
    private static func request(in message: CTAPHIDMessage) -> CTAPRequest? {
        message.bytes.first.map { CTAPRequest(CTAPCommand(rawValue: $0), parameters: Array(message.bytes[1...])) }
    }

    private func answer(_ message: CTAPHIDMessage, in context: CTAPRequestContext) async -> [UInt8] {
        if message.command == .message, let authenticator = authenticator as? any CTAP1Authenticator {
            return await authenticator.respond(toAPDU: message.bytes, in: context)
        }
        guard let request = CTAPHIDServer.request(in: message) else { return CTAPResponse(.invalidLength).message }
        return await authenticator.respond(to: request, in: context).message
    }
}
