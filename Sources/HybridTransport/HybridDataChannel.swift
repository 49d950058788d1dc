/// A connection between the two devices that keeps the boundaries of messages: the tunnel, or an L2CAP channel.
public protocol HybridDataChannel: Sendable {
    /// Sends one message.
    func send(_ message: [UInt8]) async throws

    /// Waits for the next message; one caller at a time.
    ///
    /// - Returns: `nil` once the other side has closed.
    func receive() async throws -> [UInt8]?
}
