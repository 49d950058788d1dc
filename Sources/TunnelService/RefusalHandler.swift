import HybridProtocol
import NIOCore
import NIOHTTP1

/// Answers a request that gets no tunnel with a status and a line of text, and closes the connection.
final class RefusalHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private var hasAnswered = false
    private var context: ChannelHandlerContext?

    /// What the request was found to lack while it was still a candidate for an upgrade.
    var refusal: TunnelRefusal?

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    /// Set when the request is granted: what passes from then on is no HTTP any more and must not be taken for it.
    var isGranted = false

    /// Called once it is clear that the request is not upgraded: answers, if the reason is known.
    ///
    /// Else the answer follows when the rest of the request comes by.
    func answerIfKnown() {
        if let refusal, let context { answer(refusal, context: context) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // Only when the upgrade fails half-way: the bytes that followed the request come by, and nobody is to see them.
        guard !isGranted else { return }
        switch Self.unwrapInboundIn(data) {
        case .head(let head):
            do throws(TunnelRefusal) {
                _ = try TunnelRequest(head: head)
                answer(.notAnUpgrade, context: context)
            } catch {
                answer(error, context: context)
            }
        case .body, .end:
            answer(.notAnUpgrade, context: context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Once the request is granted there may be no HTTP encoder left to answer through; the task closes the connection.
        if error is HTTPParserError, !isGranted { answer(.malformedRequest, context: context) }
        context.fireErrorCaught(error)
    }

    private func answer(_ refusal: TunnelRefusal, context: ChannelHandlerContext) {
        guard !hasAnswered else { return }
        hasAnswered = true
        let body = ByteBuffer(string: refusal.message + "\n")
        var headers: HTTPHeaders = [
            "Content-Type": "text/plain; charset=utf-8", "Content-Length": String(body.readableBytes),
            "Connection": "close",
        ]
        if refusal == .methodNotAllowed { headers.add(name: "Allow", value: "GET") }
        let head = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: refusal.status), headers: headers)
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        context.write(Self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        let loopBoundContext = context.loopBound
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil))).whenComplete { _ in
            loopBoundContext.value.close(promise: nil)
        }
    }
}
