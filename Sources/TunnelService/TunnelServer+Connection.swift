import HybridProtocol
import Logging
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// One connection, from its handshake to its end. No error leaves it: it must not end the server.
extension TunnelServer {
    private typealias Frames = NIOAsyncChannel<WebSocketFrame, WebSocketFrame>

    /// How a connection ends.
    private struct Ending: Sendable {
        /// What its own peer is told; `nil` when it is not there any more.
        var own: TunnelClosure?
        /// What the other end of the tunnel is told.
        var other: TunnelClosure
        /// Whether the peer may still be sending.
        var drains = false

        static let shutdown = Ending(own: .shutdown, other: .shutdown)
        static let vanished = Ending(own: nil, other: .peerVanished)
    }

    /// Serves a connection.
    func serve(_ connection: AcceptedConnection) async {
        let frames: Frames?
        do {
            frames = try await upgrade(connection)
        } catch {
            logger.debug("handshake failed", metadata: ["error": "\(error)"])
            abandon(connection.claim.value)
            // Closing what may be closed already.
            try? await connection.channel.close().get()
            return
        }
        guard let frames, let claim = connection.claim.value else {
            // The refusal closes the connection when it is written; a peer that does not read it has until the limit.
            await awaitClose(of: connection.channel, within: configuration.closeLimit)
            return
        }
        do {
            try await frames.executeThenClose { inbound, outbound in
                let ending = await relay(inbound, outbound, claim: claim)
                abandon(claim, telling: ending.other)
                await close(frames.channel, ending: ending)
            }
        } catch {
            logger.debug("connection failed", metadata: ["error": "\(error)"])
        }
        logger.debug("connection ended", metadata: ["side": "\(claim.side)"])
    }

    /// Performs the handshakes; `nil` when the request was refused.
    private func upgrade(_ connection: AcceptedConnection) async throws -> Frames? {
        // Made on the event loop at the moment of the upgrade, so that no frame comes too early, and only then, so that it
        // cannot be lost: it must be consumed once it exists.
        let frames = connection.upgrade.flatMapThrowing { isUpgraded -> Frames? in
            guard isUpgraded else { return nil }
            return try Frames(
                wrappingChannelSynchronously: connection.channel,
                configuration: .init(backPressureStrategy: .init(lowWatermark: 1, highWatermark: 2)))
        }
        try await connection.channel.setOption(.autoRead, value: true).get()
        let channel = connection.channel
        return try await closing(channel, at: stopwatch.now + configuration.handshakeLimit) {
            try await frames.get()
        } onCancel: {
            // A peer that has its 101 already is told why the connection ends, as every other one is. Both are queued on the
            // channel's event loop in this order.
            frames.whenSuccess { frames in
                guard frames != nil else { return }
                channel.writeAndFlush(TunnelServer.frame(for: .shutdown), promise: nil)
            }
            channel.close(promise: nil)
        }
    }

    /// Gives up a place in a tunnel and tells the other end.
    private func abandon(_ claim: AcceptedConnection.Claim?, telling closure: TunnelClosure = .peerVanished) {
        guard let claim else { return }
        if claim.side == .authenticator { registry.remove(claim.tunnelID, claim.tunnel) }
        claim.tunnel.close(claim.side.other, with: closure)
    }

    private func relay(
        _ inbound: NIOAsyncChannelInboundStream<WebSocketFrame>,
        _ outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>, claim: AcceptedConnection.Claim
    ) async -> Ending {
        await withTaskGroup(of: Ending?.self) { group in
            group.addTask { await read(inbound, outbound, claim: claim) }
            group.addTask {
                do {
                    try await claim.tunnel.attach(claim.side) { message in
                        try await outbound.write(
                            WebSocketFrame(fin: true, opcode: .binary, data: ByteBuffer(bytes: message)))
                    }
                    return nil
                } catch {
                    return Task.isCancelled ? .shutdown : .vanished
                }
            }
            group.addTask {
                guard let closure = await claim.tunnel.closure(of: claim.side) else { return .shutdown }
                return Ending(own: closure, other: .peerClosed, drains: closure != .shutdown)
            }
            if claim.side == .authenticator {
                group.addTask { await watch(claim.tunnel) }
            }
            defer { group.cancelAll() }
            for await case let ending? in group { return ending }
            return .shutdown
        }
    }

    /// Ends a tunnel that nobody joins or uses.
    private func watch(_ tunnel: Tunnel) async -> Ending {
        while true {
            let (moment, closure) = tunnel.deadline(
                peerLimit: configuration.peerLimit, idleLimit: configuration.idleLimit)
            if stopwatch.now >= moment { return Ending(own: closure, other: closure, drains: true) }
            do {
                try await stopwatch.sleep(until: moment)
            } catch {
                return .shutdown
            }
        }
    }

    /// Reads frames, answers those for the server and relays messages, until the connection has to end.
    private func read(
        _ inbound: NIOAsyncChannelInboundStream<WebSocketFrame>,
        _ outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>, claim: AcceptedConnection.Claim
    ) async -> Ending {
        var assembler = TunnelMessageAssembler(maximumByteCount: configuration.maximumMessageByteCount)
        do {
            for try await frame in inbound {
                // RFC 6455 §5.1: a client masks all its frames; §5.2: no extension has given the reserved bits a meaning.
                guard frame.maskKey != nil, !frame.rsv1, !frame.rsv2, !frame.rsv3 else {
                    throw TunnelMessageViolation.malformedFrame
                }
                switch frame.opcode {
                case .ping:
                    try await outbound.write(WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData))
                case .pong: break
                case .connectionClose:
                    return Ending(own: Self.echo(of: frame), other: .peerClosed)
                default:
                    let message = try assembler.receive(
                        opcode: UInt8(webSocketOpcode: frame.opcode), isFinal: frame.fin,
                        payload: Array(frame.unmaskedData.readableBytesView))
                    guard let message else { continue }
                    do {
                        try await claim.tunnel.relay(message, from: claim.side, now: stopwatch.now)
                    } catch let closure as TunnelClosure {
                        return Ending(own: closure, other: .peerError, drains: true)
                    } catch {
                        // The other end is closing, and the tunnel will say so here.
                        guard let closure = await claim.tunnel.closure(of: claim.side) else { return .shutdown }
                        return Ending(own: closure, other: .peerClosed, drains: true)
                    }
                }
            }
            return Task.isCancelled ? .shutdown : .vanished
        } catch let violation as TunnelMessageViolation {
            return refuse(violation, claim: claim)
        } catch let error as NIOWebSocketError {
            switch error {
            case .invalidFrameLength:
                return refuse(.tooLong(maximumByteCount: configuration.maximumMessageByteCount), claim: claim)
            case .fragmentedControlFrame, .multiByteControlFrameLength:
                return refuse(.malformedFrame, claim: claim)
            }
        } catch {
            return Task.isCancelled ? .shutdown : .vanished
        }
    }

    private func refuse(_ violation: TunnelMessageViolation, claim: AcceptedConnection.Claim) -> Ending {
        logger.debug("protocol violation", metadata: ["side": "\(claim.side)", "what": "\(violation)"])
        return Ending(
            own: TunnelClosure(code: violation.closeCode, reason: violation.description), other: .peerError,
            drains: true)
    }

    /// The answer to a close frame: its own code, or none (RFC 6455 §5.5.1).
    private static func echo(of frame: WebSocketFrame) -> TunnelClosure {
        var data = frame.unmaskedData
        // A code that must not be on the wire is not sent back.
        guard let code = data.readInteger(as: UInt16.self), (1000...4999).contains(code),
            ![1004, 1005, 1006, 1015].contains(code)
        else { return TunnelClosure(code: 1000, reason: "") }
        return TunnelClosure(code: code, reason: "")
    }

    /// Tells a peer why the connection ends, and gives it time to hear that.
    private func close(_ channel: any Channel, ending: Ending) async {
        guard let closure = ending.own else { return }
        // Not through the asynchronous writer: that would wait for a peer that does not read.
        channel.writeAndFlush(Self.frame(for: closure), promise: nil)
        guard ending.drains else { return }
        channel.triggerUserOutboundEvent(DrainHandler.Begin(), promise: nil)
        await awaitClose(of: channel, within: configuration.closeLimit)
    }

    private static func frame(for closure: TunnelClosure) -> WebSocketFrame {
        WebSocketFrame(fin: true, opcode: .connectionClose, data: ByteBuffer(bytes: closure.payload))
    }

    /// Waits until a peer has closed; after the limit, or when the task is cancelled, closes itself.
    private func awaitClose(of channel: any Channel, within limit: Duration) async {
        // A close future never fails; the error is that of the type only.
        _ = try? await closing(channel, at: stopwatch.now + limit) {
            try await channel.closeFuture.get()
        } onCancel: {
            channel.close(promise: nil)
        }
    }

    /// Waits for something that the closing of a channel ends, and closes it at some moment.
    ///
    /// - Parameter onCancel: closes the channel when the task is cancelled.
    private func closing<Value: Sendable>(
        _ channel: any Channel, at moment: Duration, _ wait: @Sendable () async throws -> Value,
        onCancel close: @escaping @Sendable () -> Void
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await stopwatch.sleep(until: moment)
                channel.close(promise: nil)
            }
            defer { group.cancelAll() }
            return try await withTaskCancellationHandler {
                try await wait()
            } onCancel: {
                close()
            }
        }
    }
}
