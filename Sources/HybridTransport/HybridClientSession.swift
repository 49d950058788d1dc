public import BluetoothLE
import CTAP
public import HybridProtocol
public import NIOCore

/// The client platform's side of a QR-initiated ceremony (CTAP 2.3 §11.5.1): wait for the phone, join its tunnel, shake
/// hands, and hand the phone over as something that answers CTAP requests.
public struct HybridClientSession: Sendable {
    private let key: HybridQRKey
    private let radio: any BluetoothRadio
    private let endpoint: @Sendable (TunnelDomain) -> TunnelEndpoint
    private let timeouts: HybridTimeouts
    private let clock: any Clock<Duration>
    private let eventLoopGroup: any EventLoopGroup
    private let observer: HybridObserver

    /// A session for one QR code.
    ///
    /// - Parameters:
    ///   - key: what the QR code was made from.
    ///   - endpoint: where to find the tunnel service of a domain, and whom to trust there.
    ///   - observer: told of each leg as it is reached.
    public init(
        key: HybridQRKey, radio: any BluetoothRadio, eventLoopGroup: any EventLoopGroup,
        endpoint: @escaping @Sendable (TunnelDomain) -> TunnelEndpoint, timeouts: HybridTimeouts = HybridTimeouts(),
        clock: any Clock<Duration> = ContinuousClock(), observer: @escaping HybridObserver = { _ in }
    ) {
        self.key = key
        self.radio = radio
        self.eventLoopGroup = eventLoopGroup
        self.endpoint = endpoint
        self.timeouts = timeouts
        self.clock = clock
        self.observer = observer
    }

    /// Waits for the phone that scans the QR code, and runs `body` with it; afterwards the session is shut down.
    ///
    /// - Throws: ``HybridSessionError`` when a leg fails, else what `body` throws.
    public func withPhone<Value: Sendable>(
        _ body: @escaping @Sendable (HybridPhone) async throws -> Value
    ) async throws -> Value {
        let (eid, domain) = try await advertisement()
        let tunnelID = HybridKeyDerivation.tunnelID(qrSecret: key.qrSecret)
        return try await connecting {
            try await TunnelConnection.withConnection(
                to: endpoint(domain), path: .connect(eid.routingID, tunnelID), eventLoopGroup: eventLoopGroup,
                clock: clock, timeLimit: timeouts.connection
            ) { tunnel in
                observer(.tunnelOpened(domain, eid.routingID))
                return try await withChannel(over: tunnel) { channel in
                    let phone = try await shakeHands(over: channel, eid: eid)
                    do {
                        let value = try await body(phone)
                        if let failure = await phone.failure { throw failure }
                        try await phone.shutDown()
                        observer(.closed)
                        return value
                    } catch {
                        // The phone's own reason says more than the status that stood in for it.
                        throw await phone.failure ?? error
                    }
                }
            }
        }
    }

    /// Waits for the advertisement that this QR code's secret opens.
    private func advertisement() async throws -> (HybridEID, TunnelDomain) {
        let eidKey = HybridKeyDerivation.eidKey(secret: key.qrSecret)
        let radio = radio
        let observer = observer
        return try await within(timeouts.advertisement, on: clock, expired: .timedOut(.advertisement)) {
            do {
                var foreign = 0
                for try await heard in try await radio.advertisements() {
                    let services = [HybridServiceData.serviceUUID, HybridServiceData.legacyServiceUUID]
                    guard services.contains(heard.serviceUUID),
                        let opened = HybridAdvertisement.open(serviceData: heard.serviceData, eidKey: eidKey)
                    else {
                        foreign += 1
                        continue
                    }
                    observer(.advertisementSeen(heard, opened.eid.domain, foreignCount: foreign))
                    return (opened.eid, opened.eid.domain)
                }
            } catch let error where !(error is CancellationError) {
                throw HybridSessionError.transport(.advertisement, "\(error)")
            }
            throw HybridSessionError.timedOut(.advertisement)
        }
    }

    private func shakeHands(over channel: any HybridDataChannel, eid: HybridEID) async throws -> HybridPhone {
        let psk = HybridKeyDerivation.psk(secret: key.qrSecret, eid: eid)
        var generator = SystemRandomNumberGenerator()
        let result: HandshakeResult
        do {
            let initiator = try HandshakeInitiator(
                psk: psk, pattern: .knpsk0(identityKey: key.identityKey), using: &generator)
            try await channel.send(initiator.message1)
            result = try initiator.finish(message2: try await next(from: channel, leg: .handshake))
        } catch let error as HandshakeError {
            throw HybridSessionError.handshake(error)
        }
        observer(.handshakeFinished)
        var cipher = result.cipher
        let message: PostHandshakeMessage
        do {
            message = try PostHandshakeMessage(
                decoding: try cipher.open(try await next(from: channel, leg: .postHandshake)))
        } catch let error as HybridCipherError {
            throw HybridSessionError.cipher(error)
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
            channel: channel, cipher: cipher, information: information, info: info, limit: timeouts.response,
            clock: clock, observer: observer)
    }

    private func next(
        from channel: any HybridDataChannel, leg: HybridSessionError.Leg
    ) async throws -> [UInt8] {
        let message = try await within(timeouts.handshake, on: clock, expired: .timedOut(leg)) {
            try await channel.receive()
        }
        guard let message else { throw HybridSessionError.closedByPeer(leg) }
        return message
    }
}
