/// The over-the-air format of advertising data: a sequence of AD structures.
///
///     AD structure ::= length (1, counts what follows) ‖ AD type (1) ‖ AD data
///     Service Data – 16-bit UUID: AD type 0x16, AD data = UUID (2, little endian) ‖ service data
///
/// Bluetooth Core Specification, Vol 3, Part C, §11, and its Supplement, Part A, §1.11.
public enum AdvertisingData {
    /// The most bytes that advertising data can have (extended advertising; Core Vol 4, Part E, §7.8.54).
    public static let maximumByteCount = 1650

    private static let serviceData16: UInt8 = 0x16

    /// The AD structure of service data.
    ///
    /// - Throws: ``AdvertisingDataError/serviceDataTooLong(byteCount:)``.
    public static func encode(_ advertisement: ServiceDataAdvertisement) throws(AdvertisingDataError) -> [UInt8] {
        let data = advertisement.serviceData
        guard data.count <= ServiceDataAdvertisement.maximumByteCount, let length = UInt8(exactly: data.count + 3)
        else {
            throw .serviceDataTooLong(byteCount: data.count)
        }
        let uuid = advertisement.serviceUUID
        return [length, serviceData16, UInt8(truncatingIfNeeded: uuid), UInt8(truncatingIfNeeded: uuid >> 8)] + data
    }

    /// Every service data with a 16-bit UUID in advertising data; other AD types are passed over.
    ///
    /// A length byte of zero ends the data early, as the specification has it.
    ///
    /// - Throws: ``AdvertisingDataError`` when a structure reaches beyond the end, when service data is too short for
    ///   its UUID, or when there is more data than a device can advertise.
    public static func serviceData(in bytes: [UInt8]) throws(AdvertisingDataError) -> [ServiceDataAdvertisement] {
        guard bytes.count <= maximumByteCount else { throw .tooLong(byteCount: bytes.count) }
        var found: [ServiceDataAdvertisement] = []
        var rest = bytes[...]
        while let length = rest.popFirst(), length != 0 {
            guard Int(length) <= rest.count else { throw .truncated(at: rest.startIndex) }
            var structure = rest.prefix(Int(length))
            rest = rest.dropFirst(Int(length))
            guard structure.popFirst() == serviceData16 else { continue }
            guard let low = structure.popFirst(), let high = structure.popFirst() else {
                throw .noServiceUUID(at: structure.startIndex)
            }
            found.append(
                ServiceDataAdvertisement(
                    serviceUUID: UInt16(high) << 8 | UInt16(low), serviceData: Array(structure)))
        }
        return found
    }
}

/// What is wrong with advertising data.
public enum AdvertisingDataError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Service data does not fit one AD structure.
    case serviceDataTooLong(byteCount: Int)
    /// There is more than any device can advertise.
    case tooLong(byteCount: Int)
    /// A structure claims more bytes than follow; the offset is that of its AD type.
    case truncated(at: Int)
    /// Service data has no complete UUID.
    case noServiceUUID(at: Int)

    /// A sentence that says what is wrong.
    public var description: String {
        switch self {
        case .serviceDataTooLong(let count):
            "service data of \(count) bytes cannot be advertised: use at most \(ServiceDataAdvertisement.maximumByteCount)"
        case .tooLong(let count):
            "advertising data of \(count) bytes is longer than the possible \(AdvertisingData.maximumByteCount)"
        case .truncated(let offset): "the AD structure at offset \(offset) reaches beyond the end of the data"
        case .noServiceUUID(let offset): "the service data that ends at offset \(offset) has no 16-bit UUID"
        }
    }
}
