/// A message by which udev tells its listeners that a device has come or gone: what libudev calls a monitor's message.
///
///     0   "libudev" and NUL
///     8   0xFEEDCAFE, big-endian
///     12  size of this header, 40; offset of the properties, 40; their size in bytes; in the machine's byte order
///     24  MurmurHash2 of the subsystem, big-endian; then of the device type, 0 for none
///     32  Bloom filter of the tags, 8 bytes, 0 for none
///     40  properties: KEY=VALUE and NUL each
///
/// The layout is `monitor_netlink_header` of systemd's `device-monitor.c`, unchanged since version 2 of the message.
struct UdevMessage {
    /// What has happened.
    enum Action: String {
        case add, remove
    }

    /// The message about a hidraw device.
    ///
    /// - Parameters:
    ///   - path: The device's resolved path below `/sys`.
    ///   - number: N of `/dev/hidrawN`.
    ///   - sequenceNumber: Counts from 1; listeners refuse 0.
    static func hidraw(
        _ action: Action, path: String, number: Int, sequenceNumber: UInt64
    ) -> [UInt8] {
        let subsystem = "hidraw"
        let properties: [UInt8] = [
            "ACTION=\(action.rawValue)", "DEVPATH=\(path)", "SUBSYSTEM=\(subsystem)", "DEVNAME=/dev/hidraw\(number)",
            "SEQNUM=\(sequenceNumber)", "USEC_INITIALIZED=1", "MAJOR=511", "MINOR=\(number)",
        ].reduce(into: []) { bytes, property in bytes += Array(property.utf8) + [0] }
        var message = Array("libudev".utf8) + [0]
        message += bigEndian(0xFEED_CAFE)
        message += native(40)
        message += native(40)
        message += native(UInt32(clamping: properties.count))
        message += bigEndian(murmurHash2(Array(subsystem.utf8)))
        message += [UInt8](repeating: 0, count: 12)
        return message + properties
    }

    /// Austin Appleby's MurmurHash2 with seed 0, by which listeners filter in the kernel.
    static func murmurHash2(_ bytes: [UInt8]) -> UInt32 {
        let multiplier: UInt32 = 0x5BD1_E995
        var hash = UInt32(truncatingIfNeeded: bytes.count)
        var rest = bytes[...]
        while rest.count >= 4 {
            var word = rest.prefix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            rest = rest.dropFirst(4)
            word = word &* multiplier
            word ^= word >> 24
            word = word &* multiplier
            hash = hash &* multiplier ^ word
        }
        if !rest.isEmpty {
            hash ^= rest.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            hash = hash &* multiplier
        }
        hash ^= hash >> 13
        hash = hash &* multiplier
        return hash ^ hash >> 15
    }

    private static func bigEndian(_ number: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> UInt32($0)) }
    }

    private static func native(_ number: UInt32) -> [UInt8] {
        UInt16(1).littleEndian == 1 ? bigEndian(number).reversed() : bigEndian(number)
    }
}
