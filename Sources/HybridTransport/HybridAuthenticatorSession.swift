public import BluetoothLE
public import CTAP
public import HybridProtocol
public import NIOCore
import Synchronization

/// The authenticator's side of a QR-initiated ceremony, a door (CTAP 2.3 §11.5.1): open a tunnel, advertise, shake hands,
/// and pass the client platform's requests to a room.
public struct HybridAuthenticatorSession: Sendable {
    private static let counter = Atomic<UInt64>(0)

    /// Tells this session from every other one of the process.
    let number: UInt64
    let qrCode: HybridQRCode
    let authenticator: any CTAPAuthenticator
    let domain: TunnelDomain
    let timeouts: HybridTimeouts
    let clock: any Clock<Duration>
    let observer: HybridObserver
    private let endpoint: TunnelEndpoint
    private let radio: any BluetoothRadio
    private let eventLoopGroup: any EventLoopGroup

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
        number = Self.counter.add(1, ordering: .relaxed).newValue
        self.timeouts = timeouts
        self.clock = clock
        self.observer = observer
    }

    /// Serves the client platform until it ends the session.
    ///
    /// Once it has a response, the client platform may also vanish or fall silent: the ceremony has reached its end.
    ///
    /// - Returns: the status of each request but getInfo, in order.
    /// - Throws: `CancellationError` when the task is cancelled, ``HybridSessionError`` when a leg fails.
    public func run() async throws -> [CTAPStatus] {
        // How an authenticator opens a tunnel is a matter between it and its service (CTAP 2.3 §11.5.1.1.1).
        try await TunnelChannel.withChannel(
            to: endpoint, path: .new(qrCode.tunnelID), eventLoopGroup: eventLoopGroup, clock: clock,
            timeLimit: timeouts.connection
        ) { channel, routingID in
            guard let routingID else { throw HybridSessionError.noRoutingID }
            observer(.tunnelOpened(domain, routingID))
            return try await serve(over: channel, routingID: routingID)
        }
    }

    private enum Happening: Sendable {
        case advertisingEnded
        case message([UInt8]?)
    }

    /// Advertises (CTAP 2.3 §11.5.1.1.2) until the client platform's first message arrives.
    ///
    /// - Returns: that message.
    func advertise(_ eid: HybridEID, until channel: any HybridDataChannel) async throws -> [UInt8] {
        let advertisement: ServiceDataAdvertisement
        do throws(HybridAdvertisementError) {
            advertisement = ServiceDataAdvertisement(
                serviceUUID: HybridServiceData.serviceUUID,
                serviceData: try HybridAdvertisement.seal(eid: eid, eidKey: qrCode.eidKey))
        } catch {
            throw HybridSessionError.advertisement(error)
        }
        observer(.advertising(advertisement))
        let (radio, limit, clock) = (radio, timeouts.peer, clock)
        return try await withThrowingTaskGroup(of: Happening.self) { group in
            group.addTask {
                do {
                    try await radio.advertise(advertisement)
                } catch let error where !(error is CancellationError) {
                    throw HybridSessionError.transport(.advertisement, "\(error)")
                }
                return .advertisingEnded
            }
            group.addTask {
                let message = try await within(limit, on: clock, expired: .timedOut(.peer)) {
                    try await channel.receive(leg: .peer)
                }
                return .message(message)
            }
            defer { group.cancelAll() }
            // A radio that fails ends the session at once; one that stops may have been heard.
            while let happening = try await group.next() {
                if case .message(let message?) = happening { return message }
                if case .message(nil) = happening { break }
            }
            throw HybridSessionError.closedByPeer(.peer)
        }
    }
}
