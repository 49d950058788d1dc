public import BluetoothLE
public import CTAP
public import HybridProtocol
public import NIOCore

/// The authenticator's side of a QR-initiated ceremony, a door (CTAP 2.3 §11.5.1): open a tunnel, advertise, shake hands,
/// and pass the client platform's requests to a room.
public struct HybridAuthenticatorSession: Sendable {
    private let qrCode: HybridQRCode
    private let authenticator: any CTAPAuthenticator
    private let domain: TunnelDomain
    private let endpoint: TunnelEndpoint
    private let radio: any BluetoothRadio
    private let timeouts: HybridTimeouts
    private let clock: any Clock<Duration>
    private let eventLoopGroup: any EventLoopGroup
    private let observer: HybridObserver

    /// A session for a QR code that was scanned.
    ///
    /// - Parameters:
    ///   - authenticator: the room that answers.
    ///   - domain: the tunnel service to use; its number is advertised.
    ///   - endpoint: where to find that service, and whom to trust there.
    ///   - observer: told of each leg as it is reached.
    public init(
        qrCode: HybridQRCode, authenticator: any CTAPAuthenticator, domain: TunnelDomain, endpoint: TunnelEndpoint,
        radio: any BluetoothRadio, eventLoopGroup: any EventLoopGroup, timeouts: HybridTimeouts = HybridTimeouts(),
        clock: any Clock<Duration> = ContinuousClock(), observer: @escaping HybridObserver = { _ in }
    ) {
        self.qrCode = qrCode
        self.authenticator = authenticator
        self.domain = domain
        self.endpoint = endpoint
        self.radio = radio
        self.eventLoopGroup = eventLoopGroup
        self.timeouts = timeouts
        self.clock = clock
        self.observer = observer
    }

    /// Serves the client platform until it ends the session.
    ///
    /// - Returns: the status of each request but getInfo, in order.
    /// - Throws: ``HybridSessionError`` when a leg fails.
    public func run() async throws -> [CTAPStatus] {
        try await connecting {
            try await TunnelConnection.withConnection(
                to: endpoint, path: .new(qrCode.tunnelID), eventLoopGroup: eventLoopGroup,
                clock: clock, timeLimit: timeouts.connection
            ) { tunnel in
                guard let routingID = tunnel.routingID else { throw HybridSessionError.noRoutingID }
                observer(.tunnelOpened(domain, routingID))
                return try await withChannel(over: tunnel) { channel in
                    try await serve(over: channel, routingID: routingID)
                }
            }
        }
    }

    private func serve(over channel: any HybridDataChannel, routingID: RoutingID) async throws -> [CTAPStatus] {
        var generator = SystemRandomNumberGenerator()
        let eid = HybridEID(routingID: routingID, domain: domain, using: &generator)
        let message1 = try await advertise(eid, until: channel)
        var cipher: HybridTransportCipher
        do {
            let (message2, result) = try HandshakeResponder.respond(
                to: message1, psk: qrCode.psk(for: eid),
                pattern: .knpsk0(clientIdentity: qrCode.identityPublicKey), using: &generator)
            cipher = result.cipher
            try await channel.send(message2)
        } catch let error as HandshakeError {
            throw HybridSessionError.handshake(error)
        }
        observer(.handshakeFinished)
        let information = await authenticator.respond(
            to: CTAPRequest(.getInfo), in: CTAPRequestContext(transport: .hybrid))
        try await send(PostHandshakeMessage(getInfo: information.data).encoded(), over: channel, &cipher)
        return try await answerRequests(over: channel, cipher)
    }

    /// Advertises until the client platform's first message arrives (the digest's §3.6: then stop).
    private func advertise(_ eid: HybridEID, until channel: any HybridDataChannel) async throws -> [UInt8] {
        let advertisement: ServiceDataAdvertisement
        do throws(HybridAdvertisementError) {
            advertisement = ServiceDataAdvertisement(
                serviceUUID: HybridServiceData.serviceUUID,
                serviceData: try HybridAdvertisement.seal(eid: eid, eidKey: qrCode.eidKey))
        } catch {
            throw HybridSessionError.advertisement(error)
        }
        observer(.advertising(advertisement))
        let radio = radio
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await radio.advertise(advertisement)
                } catch let error where !(error is CancellationError) {
                    throw HybridSessionError.transport(.advertisement, "\(error)")
                }
            }
            defer { group.cancelAll() }
            let message = try await within(timeouts.peer, on: clock, expired: .timedOut(.peer)) {
                try await channel.receive()
            }
            group.cancelAll()
            guard let message else { throw HybridSessionError.closedByPeer(.peer) }
            return message
        }
    }

    private func answerRequests(
        over channel: any HybridDataChannel, _ cipher: HybridTransportCipher
    ) async throws -> [CTAPStatus] {
        var cipher = cipher
        var statuses: [CTAPStatus] = []
        var pending: [UInt8]?
        while true {
            let bytes: [UInt8]?
            if let ready = pending {
                bytes = ready
                pending = nil
            } else {
                bytes = try await within(timeouts.nextRequest, on: clock, expired: .timedOut(.request)) {
                    try await channel.receive()
                }
            }
            // The client platform may close without a word once it has its response.
            guard let bytes else { break }
            let message = try open(bytes, &cipher)
            guard case .ctap(let body) = message else {
                if case .shutdown = message { break }
                if case .update = message { continue }
                throw HybridSessionError.unexpectedMessage("JSON")
            }
            guard let request = CTAPRequest(message: body) else {
                throw HybridSessionError.unexpectedMessage("an empty request")
            }
            observer(.request(request.command, byteCount: body.count))
            switch try await answer(request, watching: channel) {
            case .responded(let response, let early):
                try await send(HybridMessage.ctap(response.message).encoded(), over: channel, &cipher)
                observer(.response(response.status, byteCount: response.message.count))
                if request.command != .getInfo { statuses.append(response.status) }
                pending = early
            case .interrupted(let bytes):
                // There is no cancel message: whoever wants to cancel ends the session.
                if case .shutdown = try open(bytes, &cipher) { throw HybridSessionError.closedByPeer(.request) }
                throw HybridSessionError.unexpectedMessage("a second request")
            }
        }
        observer(.closed)
        return statuses
    }

    private enum Happening: Sendable {
        case response(CTAPResponse)
        case message([UInt8]?)
    }

    private enum Outcome {
        /// The room answered; a message may have come at the same moment.
        case responded(CTAPResponse, early: [UInt8]?)
        /// The client platform spoke before the room had answered.
        case interrupted([UInt8])
    }

    /// Lets the room answer; when the client platform speaks or goes away meanwhile, the room's task is cancelled.
    private func answer(_ request: CTAPRequest, watching channel: any HybridDataChannel) async throws -> Outcome {
        let authenticator = authenticator
        return try await withThrowingTaskGroup(of: Happening.self) { group in
            group.addTask {
                .response(await authenticator.respond(to: request, in: CTAPRequestContext(transport: .hybrid)))
            }
            group.addTask { .message(try await channel.receive()) }
            defer { group.cancelAll() }
            switch try await group.next() {
            case .response(let response):
                group.cancelAll()
                // A cancelled wait has lost nothing: it either took a message, which is returned, or none.
                if case .success(.message(let early))? = await group.nextResult() {
                    return .responded(response, early: early)
                }
                return .responded(response, early: nil)
            case .message(let message?):
                return .interrupted(message)
            case .message(nil), nil:
                throw HybridSessionError.closedByPeer(.request)
            }
        }
    }

    private func send(
        _ message: [UInt8], over channel: any HybridDataChannel, _ cipher: inout HybridTransportCipher
    ) async throws {
        let sealed: [UInt8]
        do throws(HybridCipherError) {
            sealed = try cipher.seal(message)
        } catch {
            throw HybridSessionError.cipher(error)
        }
        try await channel.send(sealed)
    }

    private func open(_ bytes: [UInt8], _ cipher: inout HybridTransportCipher) throws -> HybridMessage {
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
