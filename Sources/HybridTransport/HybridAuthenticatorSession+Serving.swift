import CTAP
import HybridProtocol

extension HybridAuthenticatorSession {
    /// Advertises, waits for the client platform at a channel, shakes hands and answers its requests.
    ///
    /// What kind of channel it is does not matter from here on (CTAP 2.3 §11.5.1.2).
    ///
    /// - Parameter routingID: what the tunnel service wants a client platform to connect with.
    func serve(over channel: any HybridDataChannel, routingID: RoutingID) async throws -> [CTAPStatus] {
        // 1. Ask the room what it can do before anybody is told that it is there.
        let information = await authenticator.respond(
            to: CTAPRequest(.getInfo), in: CTAPRequestContext(transport: .hybrid(session: number)))
        try Task.checkCancellation()
        guard information.status == .success else {
            throw HybridSessionError.noAuthenticatorInfo(information.status)
        }

        // 2. Advertise until the client platform's first message arrives, and answer it.
        var generator = SystemRandomNumberGenerator()
        let eid = HybridEID(routingID: routingID, domain: domain, using: &generator)
        let message1 = try await advertise(eid, until: channel)
        var cipher: HybridTransportCipher
        do {
            let (message2, result) = try HandshakeResponder.respond(
                to: message1, psk: qrCode.psk(for: eid),
                pattern: .knpsk0(clientIdentity: qrCode.identityPublicKey), using: &generator)
            cipher = result.cipher
            try await channel.send(message2, leg: .handshake)
        } catch let error as HandshakeError {
            throw HybridSessionError.handshake(error)
        }
        observer(.handshakeFinished)
        try Task.checkCancellation()

        // 3. Say what the room can do, without being asked.
        let sealed: [UInt8]
        do throws(HybridCipherError) {
            sealed = try cipher.seal(PostHandshakeMessage(getInfo: information.data).encoded())
        } catch {
            throw HybridSessionError.cipher(.postHandshake, error)
        }
        try await channel.send(sealed, leg: .postHandshake)

        // 4. Answer requests, one at a time, until the client platform says that no more will follow.
        let statuses = try await answerRequests(
            over: EncryptedChannel(channel, cipher: cipher, revision: .typed))
        observer(.closed)
        return statuses
    }

    private func answerRequests(over channel: EncryptedChannel) async throws -> [CTAPStatus] {
        var statuses: [CTAPStatus] = []
        var early: HybridMessage?
        while true {
            let message =
                if let ready = early { ready } else { try await next(from: channel, hasServed: !statuses.isEmpty) }
            early = nil
            guard case .ctap(let body) = message else {
                if case .json = message { throw HybridSessionError.unexpectedMessage(.request, "JSON") }
                return statuses
            }
            guard let request = CTAPRequest(message: body) else {
                throw HybridSessionError.unexpectedMessage(.request, "an empty request")
            }
            observer(.request(request.command, byteCount: body.count))
            let response: CTAPResponse
            (response, early) = try await answer(request, watching: channel)
            // A client platform that does not read must not keep the authenticator for ever.
            try await within(timeouts.nextRequest, on: clock, expired: .timedOut(.response)) {
                try await channel.send(.ctap(response.message), leg: .response)
            }
            observer(.response(response.status, byteCount: response.message.count))
            if request.command != .getInfo { statuses.append(response.status) }
        }
    }

    /// Waits for the next request.
    ///
    /// - Parameter hasServed: whether the client platform has a response already; it need not take its leave then.
    /// - Returns: `nil` when the session has ended.
    private func next(from channel: EncryptedChannel, hasServed: Bool) async throws -> HybridMessage? {
        do {
            let message = try await within(timeouts.nextRequest, on: clock, expired: .timedOut(.request)) {
                try await channel.receive(leg: .request)
            }
            guard message != nil || hasServed else { throw HybridSessionError.closedByPeer(.request) }
            return message
        } catch HybridSessionError.timedOut where hasServed, HybridSessionError.transport where hasServed {
            return nil
        }
    }

    private enum Happening: Sendable {
        case response(CTAPResponse)
        case message(HybridMessage?)
    }

    /// Lets the room answer; when the client platform speaks or goes away meanwhile, the room's task is cancelled.
    ///
    /// There is no cancel message: whoever wants to cancel ends the session (CTAP 2.3 §11.5.1.2).
    ///
    /// - Returns: the response, and a message that came at the same moment.
    private func answer(
        _ request: CTAPRequest, watching channel: EncryptedChannel
    ) async throws -> (CTAPResponse, early: HybridMessage?) {
        let authenticator = authenticator
        return try await withThrowingTaskGroup(of: Happening.self) { group in
            group.addTask {
                .response(
                    await authenticator.respond(
                        to: request, in: CTAPRequestContext(transport: .hybrid(session: number))))
            }
            group.addTask { .message(try await channel.receive(leg: .request)) }
            defer { group.cancelAll() }
            switch try await group.next() {
            case .response(let response):
                // A room that is cancelled answers too; that answer is for nobody.
                try Task.checkCancellation()
                group.cancelAll()
                // A cancelled wait has lost nothing: it either took a message, which is returned, or none.
                switch await group.nextResult() {
                case .success(.message(let early)): return (response, early)
                case .failure(let error) where !(error is CancellationError): throw error
                default: return (response, nil)
                }
            case .message(.shutdown), .message(nil), nil:
                throw HybridSessionError.closedByPeer(.request)
            case .message(.json):
                throw HybridSessionError.unexpectedMessage(.request, "JSON")
            case .message:
                throw HybridSessionError.unexpectedMessage(.request, "a second request")
            }
        }
    }
}
