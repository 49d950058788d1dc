/// What a client wants to hear of while it is discovering (`Adapter1.SetDiscoveryFilter`).
struct DiscoveryFilter: Hashable, Sendable {
    /// The radio to scan with.
    enum Transport: String, Hashable, Sendable {
        case auto
        case classic = "bredr"
        case lowEnergy = "le"
    }

    var transport = Transport.auto
    /// Service UUIDs in lower case and full length, one of which an advertisement needs; empty for all.
    var uuids: Set<String> = []
    /// The least strength in dBm.
    var signalStrength: Int16?
    /// The most that may be lost on the way, which cannot be told of advertisements without a transmission power.
    var pathLoss: UInt16?
    /// A beginning of the address or the name.
    var pattern: String?
    /// Whether repetitions are told too.
    var reportsDuplicates = false
    /// Whether the adapter is to be discoverable meanwhile; of no consequence here.
    var isDiscoverable = false

    /// Hears everything.
    init() {}

    /// Reads a client's filter.
    ///
    /// - Throws: ``DBusError/invalidArguments`` for an unknown key, another type than BlueZ wants, a value out of
    ///   range, or a limit of both strength and loss.
    init(_ dictionary: DBusValue) throws(DBusError) {
        guard let dictionary = dictionary.dictionary else { throw .invalidArguments }
        for (key, value) in dictionary {
            switch (key, value.content) {
            case ("UUIDs", .array(of: "s", let values)):
                for value in values {
                    guard let text = value.text, let uuid = BluetoothUUID.normalized(text) else {
                        throw .invalidArguments
                    }
                    uuids.insert(uuid)
                }
            case ("RSSI", .int16(let value)) where (-127...20).contains(value): signalStrength = value
            case ("Pathloss", .uint16(let value)) where value <= 137: pathLoss = value
            case ("Transport", .string(let value)):
                guard let known = Transport(rawValue: value) else { throw .invalidArguments }
                transport = known
            case ("DuplicateData", .boolean(let value)): reportsDuplicates = value
            case ("Discoverable", .boolean(let value)): isDiscoverable = value
            case ("Pattern", .string(let value)): pattern = value
            default: throw .invalidArguments
            }
        }
        guard signalStrength == nil || pathLoss == nil else { throw .invalidArguments }
    }

    /// Whether a client with this filter wants to hear of a device.
    func accepts(_ device: HeardDevice, signalStrength strength: Int16) -> Bool {
        guard transport != .classic, pathLoss == nil else { return false }
        if let signalStrength, strength < signalStrength { return false }
        if let pattern, !device.address.hasPrefix(pattern), !device.alias.hasPrefix(pattern) { return false }
        return uuids.isEmpty || !uuids.isDisjoint(with: device.serviceUUIDs)
    }

    /// The filters that BlueZ knows: the answer of `GetDiscoveryFilters`.
    static let names = ["UUIDs", "RSSI", "Pathloss", "Transport", "DuplicateData", "Discoverable", "Pattern"]
}

/// Bluetooth service UUIDs as BlueZ writes them: lower case, 128 bits.
enum BluetoothUUID {
    /// The UUID of a 16-bit number (Core Specification, Vol 3, Part B, §2.5.1).
    static func text(_ short: UInt16) -> String {
        let digits = String(short, radix: 16)
        return "0000" + String(repeating: "0", count: 4 - digits.count) + digits + "-0000-1000-8000-00805f9b34fb"
    }

    /// The full form of a UUID that a client has written in full or as 4 digits, with or without `0x`.
    static func normalized(_ text: String) -> String? {
        let lower = text.lowercased()
        let digits = lower.hasPrefix("0x") ? lower.dropFirst(2) : lower[...]
        if digits.count == 4, let short = UInt16(digits, radix: 16) { return Self.text(short) }
        let parts = lower.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.count) == [8, 4, 4, 4, 12], parts.allSatisfy({ $0.allSatisfy(\.isHexDigit) }) else {
            return nil
        }
        return lower
    }
}
