public import CTAP
import HybridProtocol

/// A phone at the other end of a finished handshake, as a room: what it is asked goes through the encrypted channel.
///
/// The phone's getInfo is answered from what it sent after the handshake: phones do not answer the command. Hybrid knows
/// neither keepalives nor cancelling; cancelling the task ends the session.
public actor HybridPhone: CTAPAuthenticator {
    /// What the phone's authenticator can do.
    public nonisolated let info: AuthenticatorInfo

    /// Why the session broke, if it did; the response to the request was then ``CTAPStatus/other``.
    public private(set) var failure: HybridSessionError?

    private let channel: any HybridDataChannel
    private let observer: HybridObserver
    private let limit: Duration
    private let clock: any Clock<Duration>
    private var cipher: HybridTransportCipher
    private var isBusy = false
    private let information: [UInt8]

    init(
        channel: any HybridDataChannel, cipher: HybridTransportCipher, information: [UInt8], info: AuthenticatorInfo,
        limit: Duration, clock: any Clock<Duration>, observer: @escaping HybridObserver
    ) {
        self.channel = channel
        self.cipher = cipher
        self.information = information
        self.info = info
        self.limit = limit
        self.clock = clock
        self.observer = observer
    }

    /// Sends a request through the channel and waits for the response.
    public func respond(to request: CTAPRequest, in context: CTAPRequestContext) async -> CTAPResponse {
        if request.command == .getInfo { return CTAPResponse(.success, data: information) }
        // One request may be outstanding (CTAP 2.3 §11.5.1.2).
        guard !isBusy, failure == nil else { return CTAPResponse(isBusy ? .channelBusy : .other) }
        isBusy = true
        defer { isBusy = false }
        context.report(.userPresenceNeeded)
        do {
            try await send(.ctap(request.message))
            observer(.request(request.command, byteCount: request.message.count))
            let response = try await nextResponse()
            observer(.response(response.status, byteCount: response.message.count))
            return response
        } catch is CancellationError {
            return CTAPResponse(.keepaliveCancel)
        } catch let error as HybridSessionError {
            failure = error
        } catch {
            failure = .transport(.response, "\(error)")
        }
        return CTAPResponse(.other)
    }

    /// Says that no request will follow.
    func shutDown() async throws {
        try await send(.shutdown)
    }

    private func send(_ message: HybridMessage) async throws {
        let sealed: [UInt8]
        do throws(HybridCipherError) {
            sealed = try cipher.seal(message.encoded())
        } catch {
            throw HybridSessionError.cipher(error)
        }
        try await channel.send(sealed)
    }

    private func nextResponse() async throws -> CTAPResponse {
        // Updates may come at any time; their number is bounded so that a peer cannot keep us here for ever.
        for _ in 0..<16 {
            let channel = channel
            let bytes = try await within(limit, on: clock, expired: .timedOut(.response)) {
                try await channel.receive()
            }
            guard let bytes else { throw HybridSessionError.closedByPeer(.response) }
            switch try open(bytes) {
            case .ctap(let body):
                guard let response = CTAPResponse(message: body) else {
                    throw HybridSessionError.unexpectedMessage("an empty response")
                }
                return response
            case .update:
                continue
            case .shutdown:
                throw HybridSessionError.closedByPeer(.response)
            case .json:
                throw HybridSessionError.unexpectedMessage("JSON")
            }
        }
        throw HybridSessionError.unexpectedMessage("too many updates")
    }

    private func open(_ bytes: [UInt8]) throws -> HybridMessage {
        let plaintext: [UInt8]
        do throws(HybridCipherError) {
            plaintext = try cipher.open(bytes)
        } catch {
            throw HybridSessionError.cipher(error)
        }
        do throws(HybridMessageError) {
            return try HybridMessage(decoding: plaintext)
        } catch {
            throw HybridSessionError.message(error)
        }
    }
}
