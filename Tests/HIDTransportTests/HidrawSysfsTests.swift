import FoundationEssentials
import Testing

@testable import HIDTransport

@Suite struct HidrawSysfsTests {
    static let identity = HidrawIdentity(
        name: "Aikagi Key", vendorID: 0x1209, productID: 0xF1D0, physicalLocation: "aikagi", serialNumber: "1")

    @Test("An entry has what libudev reads, and goes without a trace")
    func addAndRemove() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sysfs-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }  // a test's folder; nothing depends on it
        let sysfs = HidrawSysfs(folder: folder)
        try sysfs.add(Self.identity, number: 0)
        try sysfs.add(Self.identity, number: 1)
        let entry = "\(folder)/hidraw1"
        #expect(try String(contentsOfFile: "\(entry)/uevent", encoding: .utf8) == HidrawSysfs.event(1))
        #expect(try String(contentsOfFile: "\(entry)/dev", encoding: .utf8) == "511:1\n")
        #expect(
            try String(contentsOfFile: "\(entry)/device/uevent", encoding: .utf8)
                == HidrawSysfs.parentEvent(Self.identity))
        #expect(
            try Data(contentsOf: URL(filePath: "\(entry)/device/report_descriptor"))
                == Data(HidrawIdentity.reportDescriptor))
        #expect(
            try FileManager.default.destinationOfSymbolicLink(atPath: "\(entry)/subsystem") == "/sys/class/hidraw")
        #expect(
            try FileManager.default.destinationOfSymbolicLink(atPath: "\(entry)/device/subsystem") == "/sys/bus/hid")
        try sysfs.remove(Self.identity, number: 1)
        #expect(!FileManager.default.fileExists(atPath: entry))
        #expect(FileManager.default.fileExists(atPath: "\(folder)/hidraw0/uevent"))
        #expect(throws: (any Error).self) { try sysfs.remove(Self.identity, number: 1) }
    }

    @Test("Names and events are written as the kernel writes them")
    func texts() {
        #expect(HidrawSysfs.parentName(Self.identity, 9) == "0003:1209:F1D0.000A")
        #expect(HidrawSysfs.event(0) == "MAJOR=511\nMINOR=0\nDEVNAME=hidraw0\n")
        #expect(HidrawSysfs.parentEvent(Self.identity).contains("HID_ID=0003:00001209:0000F1D0\n"))
        #expect(HidrawSysfs.parentEvent(Self.identity).hasSuffix("MODALIAS=hid:b0003g0001v00001209p0000F1D0\n"))
    }
}
