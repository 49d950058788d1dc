public import CTAP
import HybridProtocol

/// A phone at the other end of a finished handshake, as a room: what it is asked goes through the encrypted channel.
///
/// The phone's getInfo is answered from what it sent after the handshake: phones do not answer the command. Hybrid knows
/// neither keepalives nor cancelling (CTAP 2.3 §11.5.1.2): a cancelled request ends the session, because the response may
/// still come and would be taken for the next one's.
public actor HybridPhone: CTAPAuthenticator {
    private enum State {
        case idle
        case busy
        /// The session has ended, is broken, or a request was given up.
        case over
    }

    /// What the phone's authenticator can do.
    public nonisolated let info: AuthenticatorInfo

    /// Why the session broke, if it did; the response to the request was then ``CTAPStatus/other``.
    public private(set) var failure: HybridSessionError?

    private let channel: EncryptedChannel
    private let observer: HybridObserver
    private let limit: Duration
    private let clock: any Clock<Duration>
    private let information: [UInt8]
    private var state = State.idle

    /// Whether the phone answers no more requests.
    var isOver: Bool { state == .over }

    init(
        channel: EncryptedChannel, information: [UInt8], info: AuthenticatorInfo, limit: Duration,
        clock: any Clock<Duration>, observer: @escaping HybridObserver
    ) {
        self.channel = channel
        self.information = information
        self.info = info
        self.limit = limit
        self.clock = clock
        self.observer = observer
    }

    /// Sends a request through the channel and waits for the response.
    ///
    /// - Returns: what the phone responds, unchanged; ``CTAPStatus/channelBusy`` while another request is under way,
    ///   ``CTAPStatus/keepaliveCancel`` when the task is cancelled, and ``CTAPStatus/other`` when the session is over.
    public func respond(to request: CTAPRequest, in context: CTAPRequestContext) async -> CTAPResponse {
        if request.command == .getInfo { return CTAPResponse(.success, data: information) }
        switch state {
        case .idle: break
        // One request may be outstanding (CTAP 2.3 §11.5.1.2).
        case .busy: return CTAPResponse(.channelBusy)
        case .over: return CTAPResponse(.other)
        }
        state = .busy
        context.report(.userPresenceNeeded)
        do {
            let response = try await exchange(request)
            if state == .busy { state = .idle }
            return response
        } catch is CancellationError {
            state = .over
            return CTAPResponse(.keepaliveCancel)
        } catch {
            state = .over
            failure = (error as? HybridSessionError) ?? .transport(.response, "\(error)")
            return CTAPResponse(.other)
        }
    }

    /// Says that no request will follow; not when a request is not answered yet, or was given up.
    func shutDown() async throws {
        guard state == .idle else { return state = .over }
        state = .over
        try await channel.send(.shutdown, leg: .request)
    }

    private func exchange(_ request: CTAPRequest) async throws -> CTAPResponse {
        // 1. What has come before the request cannot be its response. One that comes while the request is being sent cannot
        //    be told from a quick answer.
        switch try await channel.takeWaiting(leg: .request) {
        case .ctap: throw HybridSessionError.unexpectedMessage(.request, "an unsolicited response")
        case .json: throw HybridSessionError.unexpectedMessage(.request, "JSON")
        case .shutdown: throw HybridSessionError.closedByPeer(.request)
        case .update, nil: break
        }

        // 2. Send the request and wait for the response.
        let (channel, observer) = (channel, observer)
        let message = try await within(limit, on: clock, expired: .timedOut(.response)) {
            try await channel.send(.ctap(request.message), leg: .request)
            observer(.request(request.command, byteCount: request.message.count))
            return try await channel.receive(leg: .response)
        }
        switch message {
        case .ctap(let body):
            guard let response = CTAPResponse(message: body) else {
                throw HybridSessionError.unexpectedMessage(.response, "an empty response")
            }
            observer(.response(response.status, byteCount: body.count))
            return response
        case .shutdown, nil:
            throw HybridSessionError.closedByPeer(.response)
        case .json:
            throw HybridSessionError.unexpectedMessage(.response, "JSON")
        case .update:
            throw HybridSessionError.unexpectedMessage(.response, "an update")
        }
    }
}
