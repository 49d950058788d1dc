public import HIDTransport

/// A security key that a program will see in its namespace.
public struct VirtualKey: Hashable, Sendable, Codable {
    /// What the device says about itself.
    public var identity: HidrawIdentity

    /// A key with the name that programs show; vendor and product are of pid.codes' range for tests.
    ///
    /// - Parameters:
    ///   - name: The product's name.
    ///   - vendorID: The USB vendor.
    ///   - productID: The USB product.
    ///   - serialNumber: Tells several keys of one model apart.
    public init(name: String, vendorID: UInt16 = 0x1209, productID: UInt16 = 0x0001, serialNumber: String = "") {
        identity = HidrawIdentity(
            name: name, vendorID: vendorID, productID: productID, physicalLocation: "aikagi", serialNumber: serialNumber
        )
    }
}
