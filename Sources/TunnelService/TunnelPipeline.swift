import HybridProtocol
import NIOCore
import NIOHTTP1
import NIOSSL
import NIOWebSocket
import Synchronization

/// A connection that has been accepted and whose request is still to come.
///
/// It reads nothing until its task has begun, so that no byte comes before there is somebody to take it.
struct AcceptedConnection: Sendable {
    /// The place in a tunnel that a request was promised.
    struct Claim: Sendable {
        var tunnelID: TunnelID
        var tunnel: Tunnel
        var side: Tunnel.Side
    }

    let channel: any Channel

    /// Set before the upgrade begins, and left there when it fails.
    let claim: ClaimBox

    /// Fulfilled when the WebSocket handshake is over; fails when it does not succeed.
    let upgrade: EventLoopFuture<Bool>
}

/// The claim of a connection, written on its event loop and read by its task.
final class ClaimBox: Sendable {
    private let claim = Mutex<AcceptedConnection.Claim?>(nil)

    /// The claim, if there is one.
    var value: AcceptedConnection.Claim? {
        get { claim.withLock(\.self) }
        set { claim.withLock { $0 = newValue } }
    }
}

/// Builds the pipeline of a connection: TLS, HTTP/1.1, and WebSocket after the upgrade.
struct TunnelPipeline: Sendable {
    /// The most that a request's head may have; far more than any client sends.
    private static let headLimit = 8 * 1024

    let tls: NIOSSLContext?
    let maximumFrameByteCount: Int

    /// Decides on a request, on the connection's event loop: the claim, and the headers of the response.
    let admit: @Sendable (TunnelRequest) -> Result<(AcceptedConnection.Claim, HTTPHeaders), TunnelRefusal>

    /// Prepares a new connection.
    func configure(_ channel: any Channel) -> EventLoopFuture<AcceptedConnection> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
            try pipeline.addHandler(DrainHandler())

            let claim = ClaimBox()
            let refusal = RefusalHandler()
            let boundRefusal = NIOLoopBound(refusal, eventLoop: channel.eventLoop)
            let upgrader = NIOTypedWebSocketServerUpgrader<Bool>(
                maxFrameSize: maximumFrameByteCount,
                enableAutomaticErrorHandling: false,
                shouldUpgrade: { channel, head in
                    channel.eventLoop.makeCompletedFuture(
                        Result {
                            do throws(TunnelRefusal) {
                                let (admitted, headers) = try self.admit(try TunnelRequest(head: head)).get()
                                claim.value = admitted
                                boundRefusal.value.isGranted = true
                                return headers
                            } catch {
                                boundRefusal.value.refusal = error
                                return nil
                            }
                        })
                },
                upgradePipelineHandler: { channel, _ in
                    channel.pipeline.syncOperations.removeHandler(boundRefusal.value).map { true }
                })
            var configuration = NIOUpgradableHTTPServerPipelineConfiguration(
                upgradeConfiguration: NIOTypedHTTPServerUpgradeConfiguration(
                    upgraders: [upgrader],
                    notUpgradingCompletionHandler: { channel in
                        boundRefusal.value.answerIfKnown()
                        return channel.eventLoop.makeSucceededFuture(false)
                    }))
            // Nothing follows a request here, and a broken one is answered in this service's own words.
            configuration.enablePipelining = false
            configuration.enableErrorHandling = false
            configuration.decoderConfiguration.maxHeaderListSize = Self.headLimit
            configuration.decoderConfiguration.maxHeaderFieldSize = Self.headLimit
            let upgrade = try pipeline.configureUpgradableHTTPServerPipeline(configuration: configuration)
            try pipeline.addHandler(refusal)
            return AcceptedConnection(channel: channel, claim: claim, upgrade: upgrade)
        }
    }
}
