import NIOCore
import NIOHTTP1

/// Reads the status of a response that is no upgrade, and closes the connection.
final class StatusHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private var status: EventLoopPromise<Int>?

    init(status: EventLoopPromise<Int>) { self.status = status }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let head) = Self.unwrapInboundIn(data) else { return }
        status?.succeed(Int(head.status.code))
        status = nil
        context.close(promise: nil)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        status?.fail(TunnelError.connectionLost)
        status = nil
    }
}
