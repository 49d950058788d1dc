import BluetoothLE
import CTAP
import FoundationEssentials
import HybridProtocol
import HybridTransport
import NIOPosix

/// The PC's side of one ceremony with a phone: a fresh QR code is shown, and whoever scans it answers.
struct HybridCeremony: Sendable {
    /// How the QR code is shown.
    let presentation: QRPresentation
    /// The way to the tunnel service, and the radio.
    let options: HybridOptions
    /// Whether events are printed as JSON.
    let json: Bool

    /// Shows the code, waits for the phone, and runs `body` with its authenticator.
    func run<Value: Sendable>(
        hint: HybridOperationHint, _ body: @escaping @Sendable (DirectCTAPClient) async throws -> Value
    ) async throws -> Value {
        var generator = SystemRandomNumberGenerator()
        let key = try HybridQRKey(using: &generator)
        let now = UInt64(max(0, Date().timeIntervalSince1970))
        let json = json
        let radio = try options.makeRadio()
        // A radio that cannot listen is said before the code is shown.
        _ = try await radio.advertisements()
        let session = HybridClientSession(
            key: key, radio: radio, eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            endpoint: try await options.endpoints(), observer: { HybridEventLine($0).print(asJSON: json) })
        // A phone that is faster than the scan is not missed: it advertises until the PC has joined its tunnel.
        try presentation.show(key.qrCode(hint: hint, timestamp: now).url)
        if !json { Console.standard.note("Waiting for the phone, up to three minutes.") }
        if try options.runningDomain() == nil && options.tunnel == nil {
            Console.standard.note("No `aikagi tunnel` is running here: the phone's own tunnel service will be used.")
        }
        return try await session.withPhone { phone in
            try await body(DirectCTAPClient(phone, context: CTAPRequestContext(transport: .inProcess)))
        }
    }
}
