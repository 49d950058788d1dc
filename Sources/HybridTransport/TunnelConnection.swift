public import HybridProtocol
import NIOCore

/// One end of a tunnel: a WebSocket connection to a tunnel service, over verified TLS.
///
/// It exists inside of ``withConnection(to:path:eventLoopGroup:clock:timeLimit:body:)`` only.
public struct TunnelConnection: Sendable {
    /// The longest message that can be sent or received, in bytes.
    public static let maximumMessageByteCount = TunnelMessageAssembler.usualMaximumByteCount

    /// How long TCP, TLS and the handshakes may take, unless told otherwise.
    public static let usualTimeLimit: Duration = .seconds(30)

    /// What the service wants a client to connect with; only there for a new tunnel.
    public let routingID: RoutingID?

    /// The messages of the other end, to be read by one task.
    public let inbound: TunnelMessages

    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private let state: TunnelCloseState

    init(
        routingID: RoutingID?, inbound: NIOAsyncChannelInboundStream<ByteBuffer>,
        outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>, state: TunnelCloseState
    ) {
        self.routingID = routingID
        self.inbound = TunnelMessages(base: inbound, state: state)
        self.outbound = outbound
        self.state = state
    }

    /// Sends a message, waiting while the service is slow.
    ///
    /// - Throws: ``TunnelError``, or `CancellationError`.
    public func send(_ message: [UInt8]) async throws {
        guard (1...Self.maximumMessageByteCount).contains(message.count) else {
            throw TunnelError.unsendableMessage(byteCount: message.count)
        }
        do {
            try await outbound.write(ByteBuffer(bytes: message))
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw state.error(for: error)
        }
    }
}

/// The messages that come through a tunnel, each complete and not empty.
///
/// The sequence ends when the other end has closed normally (code 1000), and throws ``TunnelError`` when the tunnel ends in
/// any other way. Cancelling the task ends it.
public struct TunnelMessages: AsyncSequence, Sendable {
    /// A message.
    public typealias Element = [UInt8]

    let base: NIOAsyncChannelInboundStream<ByteBuffer>
    let state: TunnelCloseState

    /// The only iterator that may be made.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(base: base.makeAsyncIterator(), state: state)
    }

    /// Reads messages one after the other.
    public struct AsyncIterator: AsyncIteratorProtocol {
        var base: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
        let state: TunnelCloseState

        /// The next message; `nil` when the other end has closed normally or the task is cancelled.
        public mutating func next() async throws -> [UInt8]? {
            let message: ByteBuffer?
            do {
                message = try await base.next()
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                throw state.error(for: error)
            }
            if let message { return Array(message.readableBytesView) }
            if Task.isCancelled { return nil }
            switch state.error {
            case nil: throw TunnelError.connectionLost
            case .closed(code: 1000, _): return nil
            case let error?: throw error
            }
        }
    }
}
