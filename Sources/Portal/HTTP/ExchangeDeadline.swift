import HummingbirdCore
import Logging
import NIOCore

/// Closes a connection that owes something for too long: the rest of a request since its first bytes, or the reading of an answer.
///
/// The server's own limit is for pauses: a body that drips would hold a connection for days, and so would somebody who asks and
/// does not read.
final class ExchangeDeadline: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private let limit: TimeAmount
    /// Pieces of answers that have not left yet.
    private var waitingWrites = 0
    private var alarm: Scheduled<Void>?

    init(limit: TimeAmount) { self.limit = limit }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        setAlarm(context)
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        setAlarm(context)
        waitingWrites += 1
        let written = promise ?? context.eventLoop.makePromise()
        written.futureResult.assumeIsolated().whenComplete { [self] _ in
            waitingWrites -= 1
            if waitingWrites == 0 { stopAlarm() }
        }
        context.write(data, promise: written)
    }

    func channelInactive(context: ChannelHandlerContext) {
        stopAlarm()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { stopAlarm() }

    private func setAlarm(_ context: ChannelHandlerContext) {
        guard alarm == nil else { return }
        alarm = context.eventLoop.assumeIsolated().scheduleTask(in: limit) { context.close(promise: nil) }
    }

    private func stopAlarm() {
        alarm?.cancel()
        alarm = nil
    }
}

/// HTTP/1 with an ``ExchangeDeadline`` on each connection.
struct TimedHTTPChannel: ServerChildChannel {
    typealias Value = HTTP1Channel.Value

    /// The HTTP server's part.
    let http: HTTP1Channel
    /// How long an exchange may take.
    let limit: TimeAmount

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        do {
            try channel.pipeline.syncOperations.addHandler(ExchangeDeadline(limit: limit))
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
        return http.setup(channel: channel, logger: logger)
    }

    func handle(value: Value, logger: Logger) async { await http.handle(value: value, logger: logger) }
}
