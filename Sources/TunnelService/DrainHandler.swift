import NIOCore

/// Throws away what a peer still sends after it has been told to close.
///
/// A socket that is closed with bytes unread resets the connection, and the peer would lose the close frame that is on its
/// way. So this reads on, for itself, until the peer closes or the server's patience ends.
final class DrainHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The outbound event that begins the draining.
    struct Begin: Sendable {}

    private var isDraining = false

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is Begin else { return context.triggerUserOutboundEvent(event, promise: promise) }
        isDraining = true
        context.read()
        promise?.succeed()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if !isDraining { context.fireChannelRead(data) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        if isDraining { context.read() }
    }
}
