import Synchronization

/// What the two connections of a tunnel share: where to write, and word of the other one's end.
final class Tunnel: Sendable {
    /// One end of a tunnel.
    enum Side: String, Sendable {
        case authenticator
        case client

        var other: Side { self == .authenticator ? .client : .authenticator }
    }

    /// Writes a message to a peer, waiting while it is slow.
    typealias Writer = @Sendable ([UInt8]) async throws -> Void

    private struct End {
        var writer: Writer?
        /// Messages from before the writer was there.
        var waiting: [[UInt8]] = []
    }

    private struct State {
        var authenticator = End()
        var client = End()
        var isPaired = false
        var lastActivity: Duration

        subscript(_ side: Side) -> End {
            get { side == .authenticator ? authenticator : client }
            set { if side == .authenticator { authenticator = newValue } else { client = newValue } }
        }
    }

    /// How many messages are kept for a peer that is about to connect.
    static let maximumWaitingMessages = 8

    private let state: Mutex<State>
    private let closures:
        [Side: (stream: AsyncStream<TunnelClosure>, continuation: AsyncStream<TunnelClosure>.Continuation)]

    /// A tunnel whose authenticator came at some moment.
    init(now: Duration) {
        state = Mutex(State(lastActivity: now))
        closures = [
            .authenticator: AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1)),
            .client: AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1)),
        ]
    }

    /// Notes that a client has taken this tunnel.
    func pair(now: Duration) {
        state.withLock {
            $0.isPaired = true
            $0.lastActivity = now
        }
    }

    /// When the tunnel has to end if nothing happens until then, and what its peers are told then.
    func deadline(peerLimit: Duration, idleLimit: Duration) -> (moment: Duration, closure: TunnelClosure) {
        state.withLock {
            $0.isPaired ? ($0.lastActivity + idleLimit, .idle) : ($0.lastActivity + peerLimit, .noClient)
        }
    }

    /// Connects the writer of one side, after the messages that have been waiting for it.
    func attach(_ side: Side, writer: @escaping Writer) async throws {
        while true {
            let messages = state.withLock { state -> [[UInt8]] in
                defer { state[side].waiting = [] }
                if state[side].waiting.isEmpty { state[side].writer = writer }
                return state[side].waiting
            }
            if messages.isEmpty { return }
            for message in messages { try await writer(message) }
        }
    }

    /// Passes on a message from one side to the other, waiting while the other is slow.
    ///
    /// - Throws: ``TunnelClosure/tooManyMessages`` when there is nobody to take it yet, or what the writer throws.
    func relay(_ message: [UInt8], from side: Side, now: Duration) async throws {
        let writer = try state.withLock { state throws(TunnelClosure) -> Writer? in
            // Talking to nobody does not prolong the wait for a client.
            if state.isPaired { state.lastActivity = now }
            if let writer = state[side.other].writer { return writer }
            guard state[side.other].waiting.count < Self.maximumWaitingMessages else { throw .tooManyMessages }
            state[side.other].waiting.append(message)
            return nil
        }
        try await writer?(message)
    }

    /// Tells a side to close; what it is told first counts.
    func close(_ side: Side, with closure: TunnelClosure) {
        closures[side]?.continuation.yield(closure)
        closures[side]?.continuation.finish()
    }

    /// Waits until a side is told to close; `nil` when the task is cancelled.
    func closure(of side: Side) async -> TunnelClosure? {
        guard let stream = closures[side]?.stream else { return nil }
        for await closure in stream { return closure }
        return nil
    }
}
