/// What a virtual hidraw device says about itself: to the hidraw ioctls and in sysfs.
public struct HidrawIdentity: Hashable, Sendable, Codable {
    /// The product's name, as HIDIOCGRAWNAME and HID_NAME tell it.
    public var name: String
    /// The USB vendor.
    public var vendorID: UInt16
    /// The USB product.
    public var productID: UInt16
    /// Where it is plugged in, as HIDIOCGRAWPHYS and HID_PHYS tell it.
    public var physicalLocation: String
    /// Its serial number, as HIDIOCGRAWUNIQ and HID_UNIQ tell it; empty for none.
    public var serialNumber: String

    /// An identity.
    ///
    /// Control characters are left out of the texts: each is one line of sysfs.
    public init(
        name: String, vendorID: UInt16, productID: UInt16, physicalLocation: String, serialNumber: String = ""
    ) {
        self.name = HidrawIdentity.line(name)
        self.vendorID = vendorID
        self.productID = productID
        self.physicalLocation = HidrawIdentity.line(physicalLocation)
        self.serialNumber = HidrawIdentity.line(serialNumber)
    }

    private static func line(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }))
    }

    /// BUS_USB of `linux/input.h`.
    static let busUSB: UInt16 = 0x0003

    /// The report descriptor of every FIDO device: usage page 0xF1D0, usage 0x01, 64 bytes in, 64 bytes out, no report
    /// numbers (CTAP 2.3 §11.2.8.2).
    public static let reportDescriptor: [UInt8] = [
        0x06, 0xD0, 0xF1,  // Usage Page (FIDO Alliance)
        0x09, 0x01,  // Usage (CTAPHID)
        0xA1, 0x01,  // Collection (Application)
        0x09, 0x20, 0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08, 0x95, 0x40, 0x81, 0x02,  // Data in
        0x09, 0x21, 0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08, 0x95, 0x40, 0x91, 0x02,  // Data out
        0xC0,  // End Collection
    ]
}
