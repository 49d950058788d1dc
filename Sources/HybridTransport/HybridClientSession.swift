public import BluetoothLE
public import HybridProtocol
public import NIOCore

/// The client platform's side of a QR-initiated ceremony (CTAP 2.3 §11.5.1): wait for the phone, join its tunnel, shake
/// hands, and hand the phone over as something that answers CTAP requests.
public struct HybridClientSession: Sendable {
    let key: HybridQRKey
    let timeouts: HybridTimeouts
    let clock: any Clock<Duration>
    let observer: HybridObserver
    private let radio: any BluetoothRadio
    private let endpoint: @Sendable (TunnelDomain) -> TunnelEndpoint
    private let eventLoopGroup: any EventLoopGroup

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
    /// What `body` returns is never lost, not even when the phone has gone by then; ``HybridPhone/failure`` tells it why a
    /// request failed.
    ///
    /// - Throws: `CancellationError` when the task is cancelled, ``HybridSessionError`` when a leg fails, else what `body`
    ///   throws.
    public func withPhone<Value: Sendable>(
        _ body: @escaping @Sendable (HybridPhone) async throws -> Value
    ) async throws -> Value {
        let eid = try await advertisement()
        // CTAP 2.3 §11.5.1.1.1: the advertisement names the service, its routing ID and the QR secret the tunnel.
        let path = TunnelPath.connect(eid.routingID, HybridKeyDerivation.tunnelID(qrSecret: key.qrSecret))
        return try await TunnelChannel.withChannel(
            to: endpoint(eid.domain), path: path, eventLoopGroup: eventLoopGroup, clock: clock,
            timeLimit: timeouts.connection
        ) { channel, _ in
            observer(.tunnelOpened(eid.domain, eid.routingID))
            return try await withPhone(over: channel, eid: eid, body)
        }
    }

    /// Waits for the advertisement that this QR code's secret opens (CTAP 2.3 §11.5.1.1.2).
    private func advertisement() async throws -> HybridEID {
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
                    return opened.eid
                }
            } catch let error where !(error is CancellationError) {
                throw HybridSessionError.transport(.advertisement, "\(error)")
            }
            // The stream of a cancelled task ends like one whose radio has stopped.
            try Task.checkCancellation()
            throw HybridSessionError.transport(
                .advertisement, "the radio has stopped listening; check that Bluetooth is on")
        }
    }
}
