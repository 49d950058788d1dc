import CTAPHID
import Testing

@testable import HIDTransport

@Suite struct HidrawIoctlTests {
    static let identity = HidrawIdentity(
        name: "Key", vendorID: 0x1209, productID: 0x0001, physicalLocation: "here", serialNumber: "7")

    @Test(
        "The ioctls that ask what the device is are known",
        arguments: [
            (0x8004_4801, HidrawIoctl.reportDescriptorSize), (0x9004_4802, .reportDescriptor),
            (0x8008_4803, .rawInformation), (0x8100_4804, .name(capacity: 256)),
            (0x8040_4805, .physicalLocation(capacity: 64)), (0x8040_4808, .serialNumber(capacity: 64)),
        ] as [(UInt32, HidrawIoctl)])
    func knownRequests(request: UInt32, expected: HidrawIoctl) {
        #expect(HidrawIoctl(request: request) == expected)
    }

    @Test(
        "Others are refused: terminals' ones, feature reports, other sizes, other directions",
        arguments: [0x5401, 0xC040_4807, 0xC040_4806, 0x8008_4801, 0x8004_4802, 0x4004_4801, 0x8004_4901, 0] as [UInt32]
    )
    func unknownRequests(request: UInt32) {
        #expect(HidrawIoctl(request: request) == nil)
    }

    @Test("Texts end with a zero and are cut to the caller's room; the call returns how much was stored")
    func texts() {
        let expectations: [(HidrawIoctl, [UInt8])] = [
            (.name(capacity: 16), [0x4B, 0x65, 0x79, 0]), (.name(capacity: 2), [0x4B, 0x65]), (.name(capacity: 0), []),
            (.serialNumber(capacity: 9), [0x37, 0]),
        ]
        for (ioctl, bytes) in expectations {
            let answer = ioctl.answer(for: Self.identity)
            #expect(answer.bytes == bytes)
            #expect(answer.result == Int32(bytes.count))
        }
        #expect(HidrawIoctl.physicalLocation(capacity: 9).answer(for: Self.identity).result == 5)
    }

    @Test("Numbers are in the machine's byte order")
    func numbers() {
        let size = HidrawIoctl.reportDescriptorSize.answer(for: Self.identity)
        #expect(size.bytes == withUnsafeBytes(of: UInt32(34)) { Array($0) })
        let descriptor = HidrawIoctl.reportDescriptor.answer(for: Self.identity)
        #expect(descriptor.bytes == size.bytes + HidrawIdentity.reportDescriptor)
        let information = HidrawIoctl.rawInformation.answer(for: Self.identity)
        let expected =
            withUnsafeBytes(of: UInt32(3)) { Array($0) } + withUnsafeBytes(of: UInt16(0x1209)) { Array($0) }
            + withUnsafeBytes(of: UInt16(1)) { Array($0) }
        #expect(information.bytes == expected)
    }

    @Test("A name cannot smuggle lines into sysfs")
    func controlCharacters() {
        let identity = HidrawIdentity(
            name: "A\nHID_ID=x\u{7F}", vendorID: 1, productID: 2, physicalLocation: "\0p", serialNumber: "\r\n1")
        #expect(identity.name == "AHID_ID=x")
        #expect(identity.physicalLocation == "p")
        #expect(identity.serialNumber == "1")
    }
}
