/// How an advertisement travels in Bluetooth LE advertising data: as "Service Data – 16-bit UUID" (Bluetooth Core
/// Supplement, part A §1.11).
public enum HybridServiceData {
    /// The service that authenticators advertise: 0xFFF9, FIDO Alliance.
    public static let serviceUUID: UInt16 = 0xFFF9
    /// The service that older authenticators advertise: 0xFDE2, Google.
    ///
    /// Listen for it, never send it.
    public static let legacyServiceUUID: UInt16 = 0xFDE2

    private static let serviceDataType: UInt8 = 0x16

    /// The 128-bit form of a 16-bit service UUID, in lower case.
    public static func uuidString(_ uuid: UInt16) -> String {
        "0000" + Hexadecimal.encode([UInt8(uuid >> 8), UInt8(truncatingIfNeeded: uuid)])
            + "-0000-1000-8000-00805f9b34fb"
    }

    /// The advertising data structure of service data: length, type 0x16, UUID in little-endian order, data.
    ///
    /// - Returns: `nil` for more than 252 bytes, which its length byte cannot count.
    public static func structure(_ serviceData: [UInt8]) -> [UInt8]? {
        guard let length = UInt8(exactly: serviceData.count + 3) else { return nil }
        return [length, serviceDataType, UInt8(truncatingIfNeeded: serviceUUID), UInt8(serviceUUID >> 8)] + serviceData
    }

    /// The service data under either UUID in a sequence of advertising data structures, in order.
    ///
    /// What follows a structure of length zero or one longer than the rest is ignored, as controllers do.
    public static func serviceData(in advertisingData: [UInt8]) -> [[UInt8]] {
        var found: [[UInt8]] = []
        var rest = advertisingData[...]
        while let length = rest.popFirst(), length > 0, rest.count >= Int(length) {
            let structure = Array(rest.prefix(Int(length)))
            rest = rest.dropFirst(Int(length))
            guard structure.count >= 3, structure[0] == serviceDataType else { continue }
            let uuid = UInt16(structure[1]) | UInt16(structure[2]) << 8
            if uuid == serviceUUID || uuid == legacyServiceUUID { found.append(Array(structure.dropFirst(3))) }
        }
        return found
    }
}
