import HybridProtocol

/// The tunnels that wait for their client.
///
/// A value without clock or sockets: time is passed in as the time since some fixed moment.
struct TunnelRegistry<Tunnel: Sendable>: Sendable {
    private struct Waiting {
        var routingID: RoutingID
        var tunnel: Tunnel
        var expiry: Duration
    }

    private let peerLimit: Duration
    private let maximumCount: Int
    private var waiting: [TunnelID: Waiting] = [:]

    /// A registry with limits on time and number.
    init(peerLimit: Duration, maximumCount: Int) {
        self.peerLimit = peerLimit
        self.maximumCount = maximumCount
    }

    /// How many tunnels wait, those included whose time is up but who have not been removed.
    var count: Int { waiting.count }

    /// Adds a tunnel and gives it a routing identifier.
    mutating func open(
        _ id: TunnelID, tunnel: Tunnel, now: Duration, using generator: inout some RandomNumberGenerator
    ) throws(TunnelRefusal) -> RoutingID {
        if let present = waiting[id], present.expiry > now { throw .duplicateTunnel }
        if waiting.count >= maximumCount { waiting = waiting.filter { $0.value.expiry > now } }
        guard waiting.count < maximumCount else { throw .tooManyTunnels }
        let random = generator.next()
        let bytes = (0..<RoutingID.byteCount).map { UInt8(truncatingIfNeeded: random >> (8 * UInt64($0))) }
        // There is one server, which needs no routing; the number makes sure that a client has heard an advertisement.
        guard let routingID = RoutingID(bytes) else { throw .tooManyTunnels }
        waiting[id] = Waiting(routingID: routingID, tunnel: tunnel, expiry: now + peerLimit)
        return routingID
    }

    /// Takes a tunnel out for the only client that it will ever have.
    mutating func claim(_ id: TunnelID, routingID: RoutingID, now: Duration) throws(TunnelRefusal) -> Tunnel {
        guard let present = waiting[id], present.routingID == routingID, present.expiry > now else {
            throw .unknownTunnel
        }
        waiting[id] = nil
        return present.tunnel
    }

    /// Forgets a tunnel that waits under some identifier, if it is the one meant.
    mutating func remove(_ id: TunnelID, where isMeant: (Tunnel) -> Bool) {
        if let present = waiting[id], isMeant(present.tunnel) { waiting[id] = nil }
    }
}
