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

/// A key and the socket that leads to whoever answers for it.
public struct AttachedKey: Sendable {
    /// What the program sees.
    public var key: VirtualKey
    /// The other end of a ``ReportSocket``; the program's side inherits it.
    public var socket: SocketDescriptor
    /// Whether it is plugged in when the program starts.
    public var isPlugged: Bool

    /// A key that is answered at the other end of a socket.
    public init(_ key: VirtualKey, socket: SocketDescriptor, isPlugged: Bool = true) {
        self.key = key
        self.socket = socket
        self.isPlugged = isPlugged
    }
}
