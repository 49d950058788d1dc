import NIOCore

/// Counts what a connection has received, whether somebody has read it or not.
final class ReceivedByteCount: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// How many bytes there were so far.
    private(set) var byteCount = 0

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        byteCount += unwrapInboundIn(data).readableBytes
        context.fireChannelRead(data)
    }
}
