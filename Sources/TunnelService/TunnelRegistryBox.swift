import HybridProtocol
import Synchronization

/// The registry of a running server.
///
/// A lock rather than an actor: an upgrade is decided on an event loop, without suspension, so that nothing else can
/// happen to a connection between the decision and the response.
final class TunnelRegistryBox: Sendable {
    private struct State {
        var registry: TunnelRegistry<Tunnel>
        var generator: any RandomNumberGenerator & Sendable
    }

    private let state: Mutex<State>

    /// An empty registry with the limits and the randomness of a configuration.
    init(configuration: TunnelServerConfiguration) {
        state = Mutex(
            State(
                registry: TunnelRegistry(
                    peerLimit: configuration.peerLimit, maximumCount: configuration.maximumWaitingTunnels),
                generator: configuration.randomNumberGenerator))
    }

    /// Adds a tunnel; see ``TunnelRegistry``.
    func open(_ id: TunnelID, tunnel: Tunnel, now: Duration) throws(TunnelRefusal) -> RoutingID {
        try state.withLock { state throws(TunnelRefusal) in
            try state.registry.open(id, tunnel: tunnel, now: now, using: &state.generator)
        }
    }

    /// Takes a tunnel out for its client.
    func claim(_ id: TunnelID, routingID: RoutingID, now: Duration) throws(TunnelRefusal) -> Tunnel {
        try state.withLock { state throws(TunnelRefusal) in
            try state.registry.claim(id, routingID: routingID, now: now)
        }
    }

    /// Forgets a tunnel, whoever may have taken its identifier since.
    func remove(_ id: TunnelID, _ tunnel: Tunnel) {
        state.withLock { $0.registry.remove(id) { $0 === tunnel } }
    }

    /// How many tunnels wait.
    var count: Int { state.withLock { $0.registry.count } }
}
