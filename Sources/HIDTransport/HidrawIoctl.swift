/// The ioctls of a hidraw device that ask what it is (`linux/hidraw.h`), as values.
///
/// A request number has the size of its argument in bits 16 to 29 and its direction in bits 30 and 31 on every
/// architecture that Swift runs on.
enum HidrawIoctl: Hashable, Sendable {
    /// HIDIOCGRDESCSIZE: the size of the report descriptor, as an `int`.
    case reportDescriptorSize
    /// HIDIOCGRDESC: the size again, and the report descriptor.
    case reportDescriptor
    /// HIDIOCGRAWINFO: bus, vendor, product.
    case rawInformation
    /// HIDIOCGRAWNAME, with the caller's room in bytes.
    case name(capacity: Int)
    /// HIDIOCGRAWPHYS, with the caller's room in bytes.
    case physicalLocation(capacity: Int)
    /// HIDIOCGRAWUNIQ, with the caller's room in bytes.
    case serialNumber(capacity: Int)

    /// The ioctl of a request number.
    ///
    /// - Returns: `nil` for one that hidraw does not know, or that this device has no answer to (feature reports).
    init?(request: UInt32) {
        guard request >> 30 == 2, (request >> 8) & 0xFF == 0x48 else { return nil }  // _IOC_READ, type 'H'
        let size = Int((request >> 16) & 0x3FFF)
        switch (request & 0xFF, size) {
        case (0x01, 4): self = .reportDescriptorSize
        case (0x02, 4100): self = .reportDescriptor
        case (0x03, 8): self = .rawInformation
        case (0x04, _): self = .name(capacity: size)
        case (0x05, _): self = .physicalLocation(capacity: size)
        case (0x08, _): self = .serialNumber(capacity: size)
        default: return nil
        }
    }

    /// What the call returns, and the bytes that it stores.
    func answer(for identity: HidrawIdentity) -> (result: Int32, bytes: [UInt8]) {
        switch self {
        case .reportDescriptorSize:
            return (0, HidrawIoctl.native(UInt32(HidrawIdentity.reportDescriptor.count)))
        case .reportDescriptor:
            let descriptor = HidrawIdentity.reportDescriptor
            return (0, HidrawIoctl.native(UInt32(descriptor.count)) + descriptor)
        case .rawInformation:
            return (
                0,
                HidrawIoctl.native(UInt32(HidrawIdentity.busUSB)) + HidrawIoctl.native(identity.vendorID)
                    + HidrawIoctl.native(identity.productID)
            )
        case .name(let capacity): return HidrawIoctl.text(identity.name, capacity)
        case .physicalLocation(let capacity): return HidrawIoctl.text(identity.physicalLocation, capacity)
        case .serialNumber(let capacity): return HidrawIoctl.text(identity.serialNumber, capacity)
        }
    }

    /// A text with its final zero, cut to the caller's room; the kernel returns how many bytes it stored.
    private static func text(_ text: String, _ capacity: Int) -> (result: Int32, bytes: [UInt8]) {
        let bytes = Array((Array(text.utf8) + [0]).prefix(capacity))
        return (Int32(clamping: bytes.count), bytes)
    }

    /// A number in the machine's byte order.
    private static func native<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        var rest = number
        var bytes: [UInt8] = []
        for _ in 0..<(Number.bitWidth / 8) {
            bytes.append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
        return isLittleEndian ? bytes : bytes.reversed()
    }

    private static let isLittleEndian = UInt16(1).littleEndian == 1
}
