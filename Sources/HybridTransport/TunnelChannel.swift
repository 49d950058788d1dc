import HybridProtocol
import NIOCore

/// A tunnel as the data channel of a hybrid session (CTAP 2.3 §11.5.1.1.1).
struct TunnelChannel: HybridDataChannel {
    private let tunnel: TunnelConnection
    private let mailbox: MessageMailbox

    func send(_ message: [UInt8]) async throws {
        do {
            try await tunnel.send(message)
        } catch TunnelError.closed(code: 1000, _) {
            throw HybridDataChannelError.closed
        }
    }

    func receive() async throws -> [UInt8]? { try await mailbox.receive() }

    func takeWaiting() -> [UInt8]? { mailbox.takeWaiting() }

    /// Opens a tunnel, runs `body` with it as a channel, and closes it.
    ///
    /// - Parameter body: is given the routing ID too, which only a new tunnel has.
    /// - Throws: ``HybridSessionError/transport(_:_:)`` when there is no tunnel, else what `body` throws.
    static func withChannel<Value: Sendable>(
        to endpoint: TunnelEndpoint, path: TunnelPath, eventLoopGroup: any EventLoopGroup,
        clock: any Clock<Duration>, timeLimit: Duration,
        _ body: (any HybridDataChannel, RoutingID?) async throws -> Value
    ) async throws -> Value {
        let outcome: Result<Value, any Error>
        do {
            outcome = try await TunnelConnection.withConnection(
                to: endpoint, path: path, eventLoopGroup: eventLoopGroup, clock: clock, timeLimit: timeLimit
            ) { tunnel in
                // The body's errors are kept apart from those of the opening, which get their leg here.
                do {
                    return .success(
                        try await reading(tunnel) { try await body($0, tunnel.routingID) })
                } catch {
                    return .failure(error)
                }
            }
        } catch let error as TunnelError {
            throw HybridSessionError.transport(.tunnel, "\(error)")
        }
        return try outcome.get()
    }

    /// Runs `body` while a child task reads the tunnel, so that its end is noticed at once.
    private static func reading<Value: Sendable>(
        _ tunnel: TunnelConnection, _ body: (any HybridDataChannel) async throws -> Value
    ) async throws -> Value {
        let mailbox = MessageMailbox()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    for try await message in tunnel.inbound {
                        guard mailbox.deliver(message) else { throw HybridDataChannelError.tooManyMessages }
                    }
                    // The messages end when the task is cancelled too; that is not the peer's doing.
                    try Task.checkCancellation()
                    mailbox.finish()
                } catch {
                    mailbox.finish(throwing: error)
                }
            }
            defer { group.cancelAll() }
            return try await body(TunnelChannel(tunnel: tunnel, mailbox: mailbox))
        }
    }
}
