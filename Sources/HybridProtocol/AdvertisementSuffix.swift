import CBOR

/// What may follow the 20 bytes of an advertisement: details of data transfer channels (CTAP 2.3 §11.5.1.1.2,
/// "advertisement suffix").
///
/// A canonical CBOR map from channel to channel-specific detail, neither encrypted nor authenticated: it may name
/// where to connect but proves nothing. The detail of the Bluetooth LE channel is the PSM of its L2CAP channel.
public struct AdvertisementSuffix: Hashable, Sendable {
    /// The protocol/service multiplexer of the authenticator's L2CAP channel; `nil` if it offers none.
    public var psm: UInt16?

    /// A suffix that offers an L2CAP channel, or nothing.
    public init(psm: UInt16? = nil) { self.psm = psm }

    /// Reads a suffix.
    ///
    /// Unknown keys are ignored. A malformed suffix and a PSM out of range count as no offer, since an authenticator is
    /// still reachable through the tunnel service.
    public init(decoding bytes: some Sequence<UInt8>) {
        let value: CBORValue
        do {
            value = try CBORDecoder.decode(bytes)
        } catch {
            self.init()
            return
        }
        let channel = CBORValue.unsigned(HybridDataTransferChannel.bluetoothLE.rawValue)
        self.init(psm: value.map?[channel]?.unsigned.flatMap(UInt16.init(exactly:)))
    }

    /// The bytes to append to the advertisement; none without an offer.
    public func encoded() -> [UInt8] {
        guard let psm else { return [] }
        var map = CBORMap()
        map[.unsigned(HybridDataTransferChannel.bluetoothLE.rawValue)] = .unsigned(UInt64(psm))
        return CBOREncoder.encode(.map(map))
    }
}
