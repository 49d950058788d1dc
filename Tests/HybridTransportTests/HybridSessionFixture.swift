import BluetoothLE
import CTAP
import Crypto
import HybridProtocol
import NIOPosix
import TestSupport

@testable import HybridTransport

/// A QR code, the advertisement that answers it, and sessions and scripted peers on either side.
struct HybridSessionFixture: Sendable {
    let key: HybridQRKey
    let code: HybridQRCode
    let eid: HybridEID
    let domain: TunnelDomain

    init(seed: UInt64 = 1) throws {
        var generator = SeededGenerator(seed: seed)
        key = try HybridQRKey(using: &generator)
        code = key.qrCode(hint: .makeCredential, timestamp: 0)
        guard let domain = TunnelDomain(id: 256) else { preconditionFailure("a hashed domain") }
        self.domain = domain
        eid = HybridEID(routingID: .zero, domain: domain, using: &generator)
    }

    /// The advertisement of the phone.
    func advertisement(serviceUUID: UInt16 = 0xFFF9) throws -> ServiceDataAdvertisement {
        ServiceDataAdvertisement(
            serviceUUID: serviceUUID, serviceData: try HybridAdvertisement.seal(eid: eid, eidKey: code.eidKey))
    }

    /// An endpoint at which nobody listens.
    static let nowhere = TunnelEndpoint(
        domainName: "a.example", connectAddress: .init(host: "127.0.0.1", port: 9), trustRoots: .system)

    func client(
        radio: any BluetoothRadio = RecordedRadio(), endpoint: TunnelEndpoint = nowhere,
        clock: any Clock<Duration> = ContinuousClock(), log: EventLog = EventLog()
    ) -> HybridClientSession {
        HybridClientSession(
            key: key, radio: radio, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, endpoint: { _ in endpoint },
            clock: clock, observer: log.observer)
    }

    func authenticator(
        _ room: any CTAPAuthenticator, radio: any BluetoothRadio = InProcessRadio(),
        endpoint: TunnelEndpoint = nowhere, clock: any Clock<Duration> = ContinuousClock(), log: EventLog = EventLog()
    ) -> HybridAuthenticatorSession {
        HybridAuthenticatorSession(
            qrCode: code, authenticator: room, domain: domain, endpoint: endpoint, radio: radio,
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, clock: clock, observer: log.observer)
    }

    /// Runs a client session against a scripted phone.
    func withClient<Value: Sendable>(
        clock: any Clock<Duration> = ContinuousClock(), log: EventLog = EventLog(),
        phone script: @escaping @Sendable (ScriptedPhone) async throws -> Void,
        body: @escaping @Sendable (HybridPhone) async throws -> Value
    ) async throws -> Value {
        let (near, far) = InMemoryChannel.pair()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await script(ScriptedPhone(channel: far, code: code, eid: eid)) }
            let outcome: Result<Value, any Error>
            do {
                outcome = .success(
                    try await client(clock: clock, log: log).withPhone(over: near, eid: eid, body))
            } catch {
                outcome = .failure(error)
            }
            near.close()
            try await group.waitForAll()
            return try outcome.get()
        }
    }

    /// Runs an authenticator session against a scripted client platform.
    func withAuthenticator(
        _ room: any CTAPAuthenticator, clock: any Clock<Duration> = ContinuousClock(), log: EventLog = EventLog(),
        client script: @escaping @Sendable (ScriptedClient) async throws -> Void
    ) async throws -> [CTAPStatus] {
        let (near, far) = InMemoryChannel.pair()
        let radio = InProcessRadio()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await script(ScriptedClient(channel: far, radio: radio, key: key)) }
            let outcome: Result<[CTAPStatus], any Error>
            do {
                let session = authenticator(room, radio: radio, clock: clock, log: log)
                outcome = .success(try await session.serve(over: near, routingID: .zero))
            } catch {
                outcome = .failure(error)
            }
            near.close()
            try await group.waitForAll()
            return try outcome.get()
        }
    }
}

/// A phone that follows a test's script instead of the protocol.
struct ScriptedPhone: Sendable {
    let channel: InMemoryChannel
    let code: HybridQRCode
    let eid: HybridEID

    /// Answers message 1; nothing is sent yet.
    func answer() async throws -> (message2: [UInt8], cipher: HybridTransportCipher) {
        var generator = SeededGenerator(seed: 2)
        let message1 = try await channel.receive() ?? []
        let (message2, result) = try HandshakeResponder.respond(
            to: message1, psk: code.psk(for: eid),
            pattern: .knpsk0(clientIdentity: code.identityPublicKey), using: &generator)
        return (message2, result.cipher)
    }

    /// Shakes hands.
    func shakeHands() async throws -> HybridTransportCipher {
        let (message2, cipher) = try await answer()
        try await channel.send(message2)
        return cipher
    }

    /// Shakes hands and says what an authenticator can do.
    func meet() async throws -> HybridTransportCipher {
        var cipher = try await shakeHands()
        try await channel.send(
            try cipher.seal(PostHandshakeMessage(getInfo: ScriptedRoom.information).encoded()))
        return cipher
    }

    /// Meets the client platform, waits for a request and answers with given plaintexts.
    func answerRequest(with plaintexts: [[UInt8]]) async throws {
        var cipher = try await meet()
        _ = try await channel.receive()
        for plaintext in plaintexts { try await channel.send(try cipher.seal(plaintext)) }
    }
}

/// A client platform that follows a test's script instead of the protocol.
struct ScriptedClient: Sendable {
    let channel: InMemoryChannel
    let radio: InProcessRadio
    let key: HybridQRKey

    /// The content of the phone's advertisement.
    func advertisement() async throws -> HybridEID? {
        let eidKey = HybridKeyDerivation.eidKey(secret: key.qrSecret)
        for try await heard in try await radio.advertisements() {
            if let opened = HybridAdvertisement.open(serviceData: heard.serviceData, eidKey: eidKey) {
                return opened.eid
            }
        }
        return nil
    }

    /// Starts a handshake, with another identity or secret if a test wants; nothing is sent yet.
    func initiator(
        identityKey: P256.KeyAgreement.PrivateKey? = nil, secret: [UInt8]? = nil
    ) async throws -> HandshakeInitiator? {
        guard let eid = try await advertisement() else { return nil }
        var generator = SeededGenerator(seed: 3)
        return try HandshakeInitiator(
            psk: HybridKeyDerivation.psk(secret: secret ?? key.qrSecret, eid: eid),
            pattern: .knpsk0(identityKey: identityKey ?? key.identityKey), using: &generator)
    }

    /// Shakes hands and reads what the authenticator can do.
    func meet() async throws -> (cipher: HybridTransportCipher, information: [UInt8])? {
        guard let initiator = try await initiator() else { return nil }
        try await channel.send(initiator.message1)
        var cipher = try initiator.finish(message2: try await channel.receive() ?? []).cipher
        let message = try PostHandshakeMessage(decoding: try cipher.open(try await channel.receive() ?? []))
        return (cipher, message.getInfo ?? [])
    }

    /// Meets the authenticator and sends given plaintexts.
    func send(_ plaintexts: [[UInt8]]) async throws {
        guard var (cipher, _) = try await meet() else { return }
        for plaintext in plaintexts { try await channel.send(try cipher.seal(plaintext)) }
    }
}
