/// A connection between the two devices that keeps the boundaries of messages (CTAP 2.3 §11.5.1.1): the tunnel, or an
/// L2CAP channel.
public protocol HybridDataChannel: Sendable {
    /// Sends one message.
    ///
    /// - Throws: ``HybridDataChannelError/closed`` once the other side has closed, another error when the connection
    ///   broke, `CancellationError` when the task is cancelled.
    func send(_ message: [UInt8]) async throws

    /// Waits for the next message; one caller at a time, and a cancelled wait takes no message.
    ///
    /// - Returns: `nil` once the other side has closed.
    /// - Throws: an error when the connection broke, `CancellationError` when the task is cancelled.
    func receive() async throws -> [UInt8]?

    /// Takes a message that has come already, without waiting; `nil` when there is none.
    func takeWaiting() -> [UInt8]?
}

/// What a data channel tells its users besides the errors of the connection below.
public enum HybridDataChannelError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The other side has closed the connection in the regular way.
    case closed
    /// The other side has sent more messages than may wait to be read.
    case tooManyMessages

    /// A sentence that says what to do.
    public var description: String {
        switch self {
        case .closed: "the other device has closed the connection; start over with a new QR code"
        case .tooManyMessages: "the other device sends messages without waiting for answers; close the connection"
        }
    }
}

extension HybridDataChannel {
    /// Sends one message; an error names the leg.
    func send(_ message: [UInt8], leg: HybridSessionError.Leg) async throws {
        do {
            try await send(message)
        } catch {
            throw Self.translate(error, leg: leg)
        }
    }

    /// Waits for the next message; an error names the leg.
    func receive(leg: HybridSessionError.Leg) async throws -> [UInt8]? {
        do {
            return try await receive()
        } catch {
            throw Self.translate(error, leg: leg)
        }
    }

    private static func translate(_ error: any Error, leg: HybridSessionError.Leg) -> any Error {
        switch error {
        case is CancellationError: error
        case HybridDataChannelError.closed: HybridSessionError.closedByPeer(leg)
        case HybridDataChannelError.tooManyMessages:
            HybridSessionError.unexpectedMessage(leg, "more messages than it may")
        default: HybridSessionError.transport(leg, "\(error)")
        }
    }
}
