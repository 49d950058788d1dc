import NIOCore
import NIOTLS

/// Tells whether TLS has begun, or why it has not.
final class TLSHandshakeWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let isSecure: EventLoopPromise<Void>

    /// A watch that keeps its promise once; later events change nothing.
    init(_ isSecure: EventLoopPromise<Void>) { self.isSecure = isSecure }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted = event as? TLSUserEvent { isSecure.succeed() }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        isSecure.fail(error)
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        isSecure.fail(ChannelError.eof)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { isSecure.fail(ChannelError.eof) }
}
