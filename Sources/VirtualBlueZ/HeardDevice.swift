import BluetoothLE

/// A device that the adapter has heard: one advertisement, since a phone changes its address with it.
struct HeardDevice: Hashable, Sendable {
    /// The random static address (Core Specification, Vol 6, Part B, §1.3.2.1), as BlueZ writes it.
    let address: String
    /// What it advertises.
    let advertisement: ServiceDataAdvertisement
    /// When it was heard last.
    var lastHeard: Duration
    /// Its name, which a client can change.
    var alias: String
    var isTrusted = false
    var isBlocked = false

    /// A device with a random address.
    init(_ advertisement: ServiceDataAdvertisement, now: Duration, using random: inout some RandomNumberGenerator) {
        var number = UInt64.random(in: 0..<(1 << 46), using: &random) | 3 << 46
        var parts: [String] = []
        for _ in 0..<6 {
            let digits = String(number & 0xFF, radix: 16, uppercase: true)
            parts.insert(digits.count < 2 ? "0" + digits : digits, at: 0)
            number >>= 8
        }
        address = parts.joined(separator: ":")
        alias = parts.joined(separator: "-")
        self.advertisement = advertisement
        lastHeard = now
    }

    /// The object's path.
    var path: String { BlueZState.adapterPath + "/dev_" + address.split(separator: ":").joined(separator: "_") }

    /// The services it advertises data of.
    var serviceUUIDs: Set<String> { [BluetoothUUID.text(advertisement.serviceUUID)] }

    /// The service data: `a{sv}` of UUID to `ay`.
    var serviceData: DBusValue {
        .properties([BluetoothUUID.text(advertisement.serviceUUID): .bytes(advertisement.serviceData)])
    }

    /// All properties of `org.bluez.Device1`.
    func properties(signalStrength: Int16) -> [String: DBusValue] {
        [
            "Adapter": .objectPath(BlueZState.adapterPath),
            "Address": .string(address),
            "AddressType": .string("random"),
            "Alias": .string(alias),
            "Blocked": .boolean(isBlocked),
            "Bonded": .boolean(false),
            "Connected": .boolean(false),
            "LegacyPairing": .boolean(false),
            "Paired": .boolean(false),
            "RSSI": .int16(signalStrength),
            "ServiceData": serviceData,
            "ServicesResolved": .boolean(false),
            "Trusted": .boolean(isTrusted),
            // A phone lists the service's UUID beside its data; the radio carries the data only.
            "UUIDs": .strings(serviceUUIDs.sorted()),
        ]
    }
}
