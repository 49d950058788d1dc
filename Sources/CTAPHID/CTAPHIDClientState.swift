/// What a ``CTAPHIDClientState`` has learnt from a report.
public enum CTAPHIDClientEvent: Hashable, Sendable {
    /// The channel is open.
    case opened(CTAPHIDInitialization)
    /// The authenticator still executes the request.
    case keepalive(CTAPHIDKeepaliveStatus)
    /// The answer to the request.
    case response(CTAPHIDMessage)
    /// The exchange is over without an answer.
    case failed(CTAPHIDError)
}

/// The client platform's side of CTAPHID: one channel, one request at a time (CTAP 2.3 §11.2.5).
///
/// A value without I/O and without a clock. Reports for other channels, and other clients' INIT replies, are ignored.
public struct CTAPHIDClientState: Sendable {
    /// How long a device may be silent while an answer is due: it sends a KEEPALIVE every 100 ms.
    public static let responseTimeout: Duration = .seconds(3)

    private enum Phase: Sendable {
        case idle
        case opening(nonce: [UInt8])
        case waiting(command: CTAPHIDCommand)
    }

    /// The open channel's INIT reply.
    public private(set) var initialization: CTAPHIDInitialization?
    private var phase = Phase.idle
    private var assembly: MessageAssembly?
    private var deadline: ContinuousClock.Instant?

    /// A client that has not opened a channel yet.
    public init() {}

    /// When ``advance(to:)`` must be called next; `nil` while no answer is due.
    public var nextDeadline: ContinuousClock.Instant? { deadline }

    /// Asks for a channel; an open one is given up.
    ///
    /// - Parameter nonce: Eight random bytes, by which this client knows its reply.
    /// - Returns: The reports to send.
    /// - Throws: ``CTAPHIDError/nonceNotEightBytes``.
    public mutating func open(
        nonce: [UInt8], now: ContinuousClock.Instant
    ) throws(CTAPHIDError) -> [HIDReport] {
        guard nonce.count == 8 else { throw .nonceNotEightBytes }
        initialization = nil
        begin(.opening(nonce: nonce), now: now)
        return CTAPHIDMessage(command: .initialize, shortBytes: nonce).reports(on: .broadcast)
    }

    /// Sends a request.
    ///
    /// - Returns: The reports to send.
    /// - Throws: ``CTAPHIDError/notOpen`` or ``CTAPHIDError/requestInProgress``.
    public mutating func send(
        _ message: CTAPHIDMessage, now: ContinuousClock.Instant
    ) throws(CTAPHIDError) -> [HIDReport] {
        guard let initialization else { throw .notOpen }
        guard case .idle = phase else { throw .requestInProgress }
        begin(.waiting(command: message.command), now: now)
        return message.reports(on: initialization.channel)
    }

    /// Asks the authenticator to stop; it then answers with status 2D, if it had not answered before.
    ///
    /// - Returns: The reports to send; none when no CTAP2 request is being answered.
    public func cancel() -> [HIDReport] {
        guard let initialization, case .waiting(.cbor) = phase else { return [] }
        return CTAPHIDMessage(command: .cancel, shortBytes: []).reports(on: initialization.channel)
    }

    /// Lets time pass.
    public mutating func advance(to now: ContinuousClock.Instant) -> [CTAPHIDClientEvent] {
        guard let deadline, deadline <= now else { return [] }
        return [end(.failed(.timedOut))]
    }

    /// Takes one report from the device.
    public mutating func receive(_ report: HIDReport, now: ContinuousClock.Instant) -> [CTAPHIDClientEvent] {
        let packet = CTAPHIDPacket(report)
        let expected: ChannelID
        switch phase {
        case .idle: return []
        case .opening: expected = .broadcast
        case .waiting: expected = initialization?.channel ?? .broadcast
        }
        guard packet.channel == expected else { return [] }
        switch packet {
        case .initialization(let channel, let command, let byteCount, let data):
            guard Int(byteCount) <= CTAPHIDMessage.maximumByteCount else {
                return [end(.failed(.messageTooLong(byteCount: Int(byteCount))))]
            }
            assembly = MessageAssembly(channel: channel, command: command, byteCount: byteCount, data: data)
        case .continuation(_, let sequence, let data):
            guard assembly != nil else { return [] }
            guard assembly?.append(sequence: sequence, data: data) == true else {
                return [end(.failed(.unexpectedSequence(sequence)))]
            }
        }
        if case .waiting = phase { deadline = now + CTAPHIDClientState.responseTimeout }
        guard let message = assembly?.message else { return [] }
        assembly = nil
        return handle(message)
    }

    private mutating func begin(_ phase: Phase, now: ContinuousClock.Instant) {
        self.phase = phase
        assembly = nil
        deadline = now + CTAPHIDClientState.responseTimeout
    }

    private mutating func end(_ event: CTAPHIDClientEvent) -> CTAPHIDClientEvent {
        phase = .idle
        assembly = nil
        deadline = nil
        return event
    }

    private mutating func handle(_ message: CTAPHIDMessage) -> [CTAPHIDClientEvent] {
        switch phase {
        case .idle:
            return []
        case .opening(let nonce):
            if message.command == .error, let code = message.bytes.first {
                return [end(.failed(.device(CTAPHIDErrorCode(rawValue: code))))]
            }
            // Another client's reply is on the same broadcast channel; its nonce differs.
            guard message.command == .initialize, message.bytes.starts(with: nonce) else { return [] }
            guard let reply = CTAPHIDInitialization(decoding: message.bytes) else {
                return [end(.failed(.malformedReply))]
            }
            initialization = reply
            return [end(.opened(reply))]
        case .waiting(let command):
            switch message.command {
            case command:
                return [end(.response(message))]
            case .keepalive:
                guard message.bytes.count == 1, let byte = message.bytes.first else {
                    return [end(.failed(.malformedReply))]
                }
                // A status of a later edition says as much as "processing".
                return [.keepalive(CTAPHIDKeepaliveStatus(rawValue: byte) ?? .processing)]
            case .error:
                guard let code = message.bytes.first else { return [end(.failed(.malformedReply))] }
                return [end(.failed(.device(CTAPHIDErrorCode(rawValue: code))))]
            default:
                return [end(.failed(.unexpectedCommand(message.command)))]
            }
        }
    }
}
