/// Service data that a device broadcasts under a 16-bit service UUID.
public struct ServiceDataAdvertisement: Sendable, Hashable {
    /// The longest service data that fits one AD structure: its length byte counts the type and the UUID too.
    public static let maximumByteCount = 252

    /// The assigned number of the service, for example 0xFFF9 for the FIDO Alliance.
    public var serviceUUID: UInt16

    /// The data, at most ``maximumByteCount`` bytes on the air.
    public var serviceData: [UInt8]

    /// An advertisement of some service's data.
    public init(serviceUUID: UInt16, serviceData: [UInt8]) {
        self.serviceUUID = serviceUUID
        self.serviceData = serviceData
    }
}
