import HybridProtocol
import NIOCore
import NIOWebSocket

/// Turns WebSocket frames into messages and messages into masked frames; answers pings and close frames itself.
final class TunnelFrameHandler: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = WebSocketFrame

    /// The outbound event that closes the connection in the regular way.
    struct Close: Sendable {}

    private var assembler = TunnelMessageAssembler(maximumByteCount: TunnelConnection.maximumMessageByteCount)
    private var hasSentClose = false
    /// The payload of the latest ping that came while nothing could be sent.
    private var unansweredPing: ByteBuffer?
    private let state: TunnelCloseState

    init(state: TunnelCloseState) { self.state = state }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // After a close frame of ours only the peer's close frame is of interest, and TLS sees to the rest.
        guard !hasSentClose else { return }
        let frame = Self.unwrapInboundIn(data)
        do throws(TunnelMessageViolation) {
            // RFC 6455 §5.1: a server masks nothing; §5.2: no extension has given the reserved bits a meaning.
            guard frame.maskKey == nil, !frame.rsv1, !frame.rsv2, !frame.rsv3 else { throw .malformedFrame }
            switch frame.opcode {
            case .ping: receivePing(frame.data, context: context)
            case .pong: break
            case .connectionClose: receiveClose(frame.data, context: context)
            default:
                let message = try assembler.receive(
                    opcode: UInt8(webSocketOpcode: frame.opcode), isFinal: frame.fin,
                    payload: Array(frame.data.readableBytesView))
                if let message { context.fireChannelRead(Self.wrapInboundOut(ByteBuffer(bytes: message))) }
            }
        } catch {
            refuse(error, context: context)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !hasSentClose else {
            promise?.fail(state.error ?? .connectionLost)
            return
        }
        let frame = WebSocketFrame(
            fin: true, opcode: .binary, maskKey: .random(), data: Self.unwrapOutboundIn(data))
        context.write(Self.wrapOutboundOut(frame), promise: promise)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error as? NIOWebSocketError {
        case .invalidFrameLength:
            refuse(.tooLong(maximumByteCount: TunnelConnection.maximumMessageByteCount), context: context)
        case .fragmentedControlFrame, .multiByteControlFrameLength:
            refuse(.malformedFrame, context: context)
        case nil:
            state.end(with: .connectionLost)
            context.fireErrorCaught(error)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable, let payload = unansweredPing {
            unansweredPing = nil
            if !hasSentClose { write(.pong, payload, context: context) }
        }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        state.end(with: .connectionLost)
        context.fireChannelInactive()
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is Close else { return context.triggerUserOutboundEvent(event, promise: promise) }
        state.end(with: .closed(code: 1000, reason: ""))
        sendClose(code: 1000, context: context)
        promise?.succeed()
    }

    private func receivePing(_ payload: ByteBuffer, context: ChannelHandlerContext) {
        guard context.channel.isWritable else {
            // A service that sends pings and does not read the answers must not fill the memory with them. Only the latest
            // ping needs an answer (RFC 6455 §5.5.3). The copy does not hold on to all that was read with it.
            unansweredPing = ByteBuffer(bytes: payload.readableBytesView)
            return
        }
        write(.pong, payload, context: context)
    }

    private func receiveClose(_ payload: ByteBuffer, context: ChannelHandlerContext) {
        var payload = payload
        // 1005 stands for a close frame without a code (RFC 6455 §7.1.5).
        let code = payload.readInteger(as: UInt16.self)
        let error = TunnelError.closed(code: code ?? 1005, reason: PrintableText.of(String(buffer: payload)))
        state.end(with: error)
        sendClose(code: code, context: context)
        context.close(promise: nil)
    }

    private func refuse(_ violation: TunnelMessageViolation, context: ChannelHandlerContext) {
        let error = TunnelError.protocolViolation(reason: violation.description)
        state.end(with: error)
        sendClose(code: violation.closeCode, context: context)
        context.fireErrorCaught(error)
        context.close(promise: nil)
    }

    private func sendClose(code: UInt16?, context: ChannelHandlerContext) {
        guard !hasSentClose else { return }
        hasSentClose = true
        var payload = ByteBuffer()
        if let code { payload.writeInteger(code) }
        write(.connectionClose, payload, context: context)
    }

    private func write(_ opcode: WebSocketOpcode, _ payload: ByteBuffer, context: ChannelHandlerContext) {
        let frame = WebSocketFrame(fin: true, opcode: opcode, maskKey: .random(), data: payload)
        context.writeAndFlush(Self.wrapOutboundOut(frame), promise: nil)
    }
}
