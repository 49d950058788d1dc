import FoundationEssentials

/// The folder that libudev and browsers read to find hidraw devices, as a stand-in for `/sys/class/hidraw`.
///
/// One device looks like this, which is what libudev follows up to the parent with its HID_ID:
///
///     hidraw0 → .dev/0003:1209:F1D0.0001/hidraw0
///     .dev/0003:1209:F1D0.0001/            uevent, report_descriptor, subsystem → /sys/bus/hid
///     .dev/0003:1209:F1D0.0001/hidraw0/    uevent, dev, subsystem → /sys/class/hidraw, device → the folder above
///
/// Programs need `SYSTEMD_DEVICE_VERIFY_SYSFS=0` in their environment, or libudev insists on a real sysfs.
public struct HidrawSysfs: Sendable {
    /// Where programs will see the folder.
    public static let path = "/sys/class/hidraw"

    private let folder: String

    /// The contents of an existing folder.
    ///
    /// - Parameter folder: Where the folder is while it is written.
    public init(folder: String = HidrawSysfs.path) { self.folder = folder }

    /// Adds the entry of `/dev/hidrawN`.
    ///
    /// - Parameters:
    ///   - identity: What the device says about itself.
    ///   - number: N, from 0 up; no two devices have the same.
    /// - Throws: Foundation's error when the files cannot be written.
    public func add(_ identity: HidrawIdentity, number: Int) throws {
        let name = HidrawSysfs.deviceName(number)
        let parent = HidrawSysfs.parentName(identity, number)
        let parentFolder = "\(folder)/.dev/\(parent)"
        let entry = "\(parentFolder)/\(name)"
        try FileManager.default.createDirectory(atPath: entry, withIntermediateDirectories: true)
        try write(HidrawSysfs.parentEvent(identity), to: "\(parentFolder)/uevent")
        try Data(HidrawIdentity.reportDescriptor).write(to: URL(filePath: "\(parentFolder)/report_descriptor"))
        try link("\(parentFolder)/subsystem", to: "/sys/bus/hid")
        try write(HidrawSysfs.event(number), to: "\(entry)/uevent")
        try write("\(HidrawSysfs.majorNumber):\(number)\n", to: "\(entry)/dev")
        try link("\(entry)/subsystem", to: HidrawSysfs.path)
        try link("\(entry)/device", to: "../../\(parent)")
        // Last of all, so that whoever finds the entry finds it complete.
        try link("\(folder)/\(name)", to: ".dev/\(parent)/\(name)")
    }

    /// Takes the entry of `/dev/hidrawN` away.
    ///
    /// - Throws: Foundation's error when there is none.
    public func remove(_ identity: HidrawIdentity, number: Int) throws {
        try FileManager.default.removeItem(atPath: "\(folder)/\(HidrawSysfs.deviceName(number))")
        try FileManager.default.removeItem(atPath: "\(folder)/.dev/\(HidrawSysfs.parentName(identity, number))")
    }

    /// The resolved path of a device's entry below `/sys`, as udev's messages name it.
    public static func devicePath(_ identity: HidrawIdentity, number: Int) -> String {
        "\(path.dropFirst("/sys".count))/.dev/\(parentName(identity, number))/\(deviceName(number))"
    }

    /// The name of a device's node in `/dev` and of its entry here.
    public static func deviceName(_ number: Int) -> String { "hidraw\(number)" }

    /// A major number that no driver has: the end of the range that the kernel hands out (`CHRDEV_MAJOR_DYN_EXT_START`,
    /// 511 downwards), so that udev's database has nothing about it.
    static let majorNumber = 511

    /// The `uevent` of the hidraw entry.
    static func event(_ number: Int) -> String {
        "MAJOR=\(majorNumber)\nMINOR=\(number)\nDEVNAME=\(deviceName(number))\n"
    }

    /// The `uevent` of the HID device.
    static func parentEvent(_ identity: HidrawIdentity) -> String {
        let vendor = hexadecimal(identity.vendorID, digits: 8)
        let product = hexadecimal(identity.productID, digits: 8)
        let bus = hexadecimal(HidrawIdentity.busUSB, digits: 4)
        return """
            DRIVER=hid-generic
            HID_ID=\(bus):\(vendor):\(product)
            HID_NAME=\(identity.name)
            HID_PHYS=\(identity.physicalLocation)
            HID_UNIQ=\(identity.serialNumber)
            MODALIAS=hid:b\(bus)g0001v\(vendor)p\(product)

            """
    }

    /// The HID device's name in the kernel: bus, vendor, product, and a number that makes it unique.
    static func parentName(_ identity: HidrawIdentity, _ number: Int) -> String {
        let numbers = [HidrawIdentity.busUSB, identity.vendorID, identity.productID]
        return numbers.map { hexadecimal($0, digits: 4) }.joined(separator: ":")
            + "." + hexadecimal(UInt16(clamping: number + 1), digits: 4)
    }

    private static func hexadecimal(_ number: UInt16, digits: Int) -> String {
        let text = String(number, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(digits - text.count, 0)) + text
    }

    private func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    private func link(_ path: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
    }
}
