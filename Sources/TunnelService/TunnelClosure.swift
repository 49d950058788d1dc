/// Why a WebSocket connection of a tunnel is closed, as its peer is told.
struct TunnelClosure: Error, Hashable, Sendable {
    /// The close code (RFC 6455 §7.4.1).
    var code: UInt16

    /// The reason, at most 123 bytes of UTF-8.
    var reason: String

    static let peerClosed = TunnelClosure(code: 1000, reason: "remote peer cleanly disconnected")
    static let peerVanished = TunnelClosure(code: 1001, reason: "remote peer vanished")
    static let shutdown = TunnelClosure(code: 1001, reason: "the service is shutting down")
    static let noClient = TunnelClosure(code: 1008, reason: "no client came in time")
    static let idle = TunnelClosure(code: 1008, reason: "the tunnel was idle for too long")
    static let peerError = TunnelClosure(code: 1008, reason: "remote peer violated the protocol")
    static let tooManyMessages = TunnelClosure(code: 1008, reason: "too many messages before the peer was connected")

    /// The payload of a close frame.
    var payload: [UInt8] {
        [UInt8(truncatingIfNeeded: code >> 8), UInt8(truncatingIfNeeded: code)] + Array(reason.utf8.prefix(123))
    }
}
