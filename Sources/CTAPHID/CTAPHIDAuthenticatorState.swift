/// One CTAP request that a client has sent and the authenticator answers once.
///
/// The number tells a request from an earlier one on the same channel that was aborted, so that a late answer to that
/// one goes nowhere.
public struct CTAPHIDTransaction: Hashable, Sendable {
    /// The channel that waits for the answer.
    public let channel: ChannelID
    /// Grows with every request.
    public let number: UInt64
}

/// What whoever runs a ``CTAPHIDAuthenticatorState`` must do, in the order given.
public enum CTAPHIDAuthenticatorAction: Hashable, Sendable {
    /// Send a report to the client.
    case send(HIDReport)
    /// Begin to execute a CTAPHID_CBOR or CTAPHID_MSG message and answer it with
    /// ``CTAPHIDAuthenticatorState/respond(to:with:now:)``.
    case begin(CTAPHIDTransaction, CTAPHIDMessage)
    /// Stop executing a request; its answer is still due, unless the channel was resynchronised.
    case cancel(CTAPHIDTransaction)
    /// Show which device this is.
    case wink
}

/// The authenticator's side of CTAPHID: channels, transactions, the lock, time-outs (CTAP 2.3 §11.2.5).
///
/// A value without I/O and without a clock: reports, answers and moments go in, actions come out. Whoever runs it
/// calls ``advance(to:)`` at ``nextDeadline``. Any report is acceptable at any time.
public struct CTAPHIDAuthenticatorState: Sendable {
    /// What the device says about itself, and how far it goes.
    public struct Configuration: Hashable, Sendable {
        /// The device's own version, for the INIT reply.
        public var version: CTAPHIDDeviceVersion
        /// The capabilities, for the INIT reply.
        ///
        /// They are the truth: WINK and CBOR decide whether these commands are answered, and NMSG that CTAPHID_MSG is not.
        public var capabilities: CTAPHIDCapabilities
        /// The first channel that is handed out; the following ones count upwards.
        public var firstChannel: ChannelID
        /// Whether a channel that nobody asked for may speak, too, other than the two numbers that are no channels.
        ///
        /// The standard refuses it. Suites from before 2021 go on with the channel that they had before a power cycle,
        /// and with made-up ones.
        public var adoptsEveryChannel: Bool

        /// A configuration; by default version 1.0.0, with CBOR and WINK and without MSG.
        public init(
            version: CTAPHIDDeviceVersion = CTAPHIDDeviceVersion(major: 1, minor: 0, build: 0),
            capabilities: CTAPHIDCapabilities = [.wink, .cbor, .noMessage],
            firstChannel: ChannelID = ChannelID(rawValue: 1), adoptsEveryChannel: Bool = false
        ) {
            self.version = version
            self.capabilities = capabilities
            self.firstChannel = firstChannel
            self.adoptsEveryChannel = adoptsEveryChannel
        }
    }

    /// How long a client may pause within a message before the authenticator gives it up.
    public static let transactionTimeout: Duration = .milliseconds(500)
    /// The time between two KEEPALIVE messages.
    public static let keepaliveInterval: Duration = .milliseconds(100)
    /// The time from a request to its first KEEPALIVE, if its status does not change before; a request that is
    /// answered at once has none.
    public static let firstKeepaliveDelay: Duration = .milliseconds(50)
    /// The longest lock, in seconds.
    public static let maximumLockSeconds: UInt8 = 10

    enum Phase: Sendable {
        case idle
        case receiving(MessageAssembly, deadline: ContinuousClock.Instant)
        case executing(Execution)
    }

    struct Execution: Sendable {
        let transaction: CTAPHIDTransaction
        /// CBOR or MSG; the answer has the same.
        let command: CTAPHIDCommand
        var status = CTAPHIDKeepaliveStatus.processing
        var nextKeepalive: ContinuousClock.Instant
        var isCancelled = false
    }

    struct Lock: Sendable {
        let owner: ChannelID
        let deadline: ContinuousClock.Instant
    }

    let configuration: Configuration
    var channels: ChannelAllocator
    var phase = Phase.idle
    var lock: Lock?
    private var transactionCount: UInt64 = 0

    /// The state of a device that has just been plugged in.
    public init(configuration: Configuration = Configuration()) {
        self.configuration = configuration
        channels = ChannelAllocator(first: configuration.firstChannel)
    }

    /// When ``advance(to:)`` must be called next; `nil` while nothing is under way.
    ///
    /// The end of a lock is not among the reasons: it matters only when the next report arrives.
    public var nextDeadline: ContinuousClock.Instant? {
        switch phase {
        case .idle: nil
        case .receiving(_, let deadline): deadline
        case .executing(let execution): execution.nextKeepalive
        }
    }

    /// The request that is being executed.
    public var executing: CTAPHIDTransaction? {
        if case .executing(let execution) = phase { execution.transaction } else { nil }
    }

    /// Lets time pass: time-outs, keepalives, the end of a lock.
    public mutating func advance(to now: ContinuousClock.Instant) -> [CTAPHIDAuthenticatorAction] {
        if let lock, lock.deadline <= now { self.lock = nil }
        switch phase {
        case .idle:
            return []
        case .receiving(let assembly, let deadline):
            guard deadline <= now else { return [] }
            phase = .idle
            return [error(.messageTimeout, on: assembly.channel)]
        case .executing(var execution):
            guard execution.nextKeepalive <= now else { return [] }
            // Whoever comes late sends one KEEPALIVE, not all that were missed.
            execution.nextKeepalive = now + CTAPHIDAuthenticatorState.keepaliveInterval
            phase = .executing(execution)
            return [keepalive(execution)]
        }
    }

    /// Tells what the authenticator is doing; a change goes to the client at once.
    public mutating func update(
        _ status: CTAPHIDKeepaliveStatus, of transaction: CTAPHIDTransaction, now: ContinuousClock.Instant
    ) -> [CTAPHIDAuthenticatorAction] {
        guard case .executing(var execution) = phase, execution.transaction == transaction,
            execution.status != status
        else { return [] }
        execution.status = status
        execution.nextKeepalive = now + CTAPHIDAuthenticatorState.keepaliveInterval
        phase = .executing(execution)
        return [keepalive(execution)]
    }

    /// Answers a request: the bytes are a CTAP2 status and, if it has one, the CBOR map, or a CTAP1 response APDU.
    ///
    /// The answer to a request that is no longer executed is dropped. One of more than 7609 bytes cannot be said;
    /// the client gets ERR_OTHER instead.
    public mutating func respond(
        to transaction: CTAPHIDTransaction, with bytes: [UInt8], now: ContinuousClock.Instant
    ) -> [CTAPHIDAuthenticatorAction] {
        guard case .executing(let execution) = phase, execution.transaction == transaction else { return [] }
        phase = .idle
        guard bytes.count <= CTAPHIDMessage.maximumByteCount else { return [error(.other, on: transaction.channel)] }
        return send(execution.command, bytes, on: transaction.channel)
    }

    /// Answers a request that a single report holds, as ``receive(_:now:)`` and ``respond(to:with:now:)`` at the same moment would.
    ///
    /// Two things differ: where every channel is adopted, the channel does not become younger; and an answer that is too long is
    /// left, not refused.
    ///
    /// - Parameters:
    ///   - report: Any report.
    ///   - now: The moment; asked for only if it matters.
    ///   - answer: The answer's bytes; `nil` leaves the report, as if it had not come yet.
    /// - Returns: The answer's reports; `nil`, too, when anything else is to be done about the report, or about one before it.
    public func answer(
        _ report: HIDReport, now: () -> ContinuousClock.Instant, with answer: (CTAPHIDMessage) -> [UInt8]?
    ) -> [HIDReport]? {
        let channel = report.channel
        // The parts of long messages are not looked at twice.
        guard report.holdsWholeMessage, case .idle = phase,
            lock.map({ $0.owner == channel || $0.deadline <= now() }) ?? true, channels.isAllocated(channel),
            case .initialization(_, .cbor, let byteCount, let data) = CTAPHIDPacket(report), byteCount > 0,
            configuration.capabilities.contains(.cbor),
            let bytes = answer(CTAPHIDMessage(command: .cbor, shortBytes: data)),
            bytes.count <= CTAPHIDMessage.maximumByteCount
        else { return nil }
        return CTAPHIDMessage(command: .cbor, shortBytes: bytes).reports(on: channel)
    }

    /// Begins to execute a request.
    mutating func begin(
        _ message: CTAPHIDMessage, on channel: ChannelID, now: ContinuousClock.Instant
    ) -> [CTAPHIDAuthenticatorAction] {
        transactionCount &+= 1
        let transaction = CTAPHIDTransaction(channel: channel, number: transactionCount)
        let first = now + CTAPHIDAuthenticatorState.firstKeepaliveDelay
        phase = .executing(
            Execution(transaction: transaction, command: message.command, nextKeepalive: first))
        return [.begin(transaction, message)]
    }

    func send(
        _ command: CTAPHIDCommand, _ bytes: [UInt8], on channel: ChannelID
    ) -> [CTAPHIDAuthenticatorAction] {
        CTAPHIDMessage(command: command, shortBytes: bytes).reports(on: channel)
            .map(CTAPHIDAuthenticatorAction.send)
    }

    func error(_ code: CTAPHIDErrorCode, on channel: ChannelID) -> CTAPHIDAuthenticatorAction {
        .send(
            CTAPHIDPacket.initialization(
                channel: channel, command: .error, byteCount: 1, data: [code.rawValue]
            ).report)
    }

    private func keepalive(_ execution: Execution) -> CTAPHIDAuthenticatorAction {
        .send(
            CTAPHIDPacket.initialization(
                channel: execution.transaction.channel, command: .keepalive, byteCount: 1,
                data: [execution.status.rawValue]
            ).report)
    }
}
