import CTAP
import HybridProtocol

extension HybridClientSession {
    /// Shakes hands over a channel that leads to the phone, runs `body` with the phone, and shuts the session down.
    ///
    /// What kind of channel it is does not matter from here on (CTAP 2.3 §11.5.1.2).
    ///
    /// - Parameter eid: the content of the phone's advertisement.
    func withPhone<Value: Sendable>(
        over channel: any HybridDataChannel, eid: HybridEID,
        _ body: @Sendable (HybridPhone) async throws -> Value
    ) async throws -> Value {
        let phone = try await meet(over: channel, eid: eid)
        let value: Value
        do {
            value = try await body(phone)
        } catch {
            // The phone's own reason says more than the status that stood in for it.
            if let failure = await phone.failure { throw failure }
            try Task.checkCancellation()
            throw error
        }
        // The channel is closed right after: only who wants linking information waits for an update (CTAP 2.3 §11.5.1.2).
        // Phones hang up once they have responded: that the shutdown reaches nobody must not take the value away.
        try? await within(timeouts.handshake, on: clock, expired: .timedOut(.request)) { try await phone.shutDown() }
        observer(.closed)
        return value
    }

    /// The handshake and the message that follows it (CTAP 2.3 §11.5.1.2).
    private func meet(over channel: any HybridDataChannel, eid: HybridEID) async throws -> HybridPhone {
        // 1. Shake hands; the pre-shared key proves that both know the QR code and the advertisement.
        let psk = HybridKeyDerivation.psk(secret: key.qrSecret, eid: eid)
        var generator = SystemRandomNumberGenerator()
        let result: HandshakeResult
        do {
            let initiator = try HandshakeInitiator(
                psk: psk, pattern: .knpsk0(identityKey: key.identityKey), using: &generator)
            try await channel.send(initiator.message1, leg: .handshake)
            result = try initiator.finish(message2: try await next(from: channel, leg: .handshake))
        } catch let error as HandshakeError {
            throw HybridSessionError.handshake(error)
        }
        observer(.handshakeFinished)

        // 2. The phone says what it can do.
        var cipher = result.cipher
        let message: PostHandshakeMessage
        do {
            message = try PostHandshakeMessage(
                decoding: try cipher.open(try await next(from: channel, leg: .postHandshake)))
        } catch let error as HybridCipherError {
            throw HybridSessionError.cipher(.postHandshake, error)
        } catch let error as PostHandshakeMessageError {
            throw HybridSessionError.postHandshake(error)
        }
        guard message.features.contains(.ctap), let information = message.getInfo else {
            throw HybridSessionError.noCTAP
        }
        let info: AuthenticatorInfo
        do throws(CTAPStatus) {
            info = try AuthenticatorInfo(data: information)
        } catch {
            throw HybridSessionError.malformedInfo
        }
        observer(.authenticatorKnown(info))
        return HybridPhone(
            channel: EncryptedChannel(channel, cipher: cipher, revision: message.revision), information: information,
            info: info, limit: timeouts.response, clock: clock, observer: observer)
    }

    private func next(from channel: any HybridDataChannel, leg: HybridSessionError.Leg) async throws -> [UInt8] {
        let message = try await within(timeouts.handshake, on: clock, expired: .timedOut(leg)) {
            try await channel.receive(leg: leg)
        }
        guard let message else { throw HybridSessionError.closedByPeer(leg) }
        return message
    }
}
