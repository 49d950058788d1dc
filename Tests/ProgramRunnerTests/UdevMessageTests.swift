import Crypto
import HIDTransport
import TestSupport
import Testing

@testable import ProgramRunner

@Suite struct UdevMessageTests {
    /// Computed with the C++ of Austin Appleby's MurmurHash2.cpp, seed 0.
    static let hashes: [(String, UInt32)] = [
        ("", 0), ("a", 0x9268_5F5E), ("ab", 0x1AA1_4063), ("abc", 0x1357_7C9B), ("abcd", 0x2687_3021),
        ("hidraw", 0xC2CA_F397), ("usb", 0x0577_C5E5), ("input", 0xC1A2_8470), ("block", 0xF003_1DB7),
        ("tty", 0x8AFA_90C8),
    ]

    @Test("The hash of a subsystem is MurmurHash2 with seed 0", arguments: hashes)
    func murmurHash2(text: String, hash: UInt32) {
        #expect(UdevMessage.murmurHash2(Array(text.utf8)) == hash)
    }

    static let identity = VirtualKey(name: "K").identity

    static func message(_ action: UdevMessage.Action, number: Int = 0, sequenceNumber: UInt64) -> [UInt8] {
        UdevMessage.hidraw(
            action, path: HidrawSysfs.devicePath(identity, number: number), number: number,
            sequenceNumber: sequenceNumber)
    }

    /// libudev 252 (Debian 12) took this message for what it says.
    static let added = """
        6c69627564657600 feedcafe 28000000 28000000 96000000 c2caf397 00000000 0000000000000000
        414354494f4e3d61646400 444556504154483d2f636c6173732f6869647261772f2e6465762f303030333a313230393a303030312e
        303030312f6869647261773000 53554253595354454d3d68696472617700 4445564e414d453d2f6465762f6869647261773000
        5345514e554d3d3100 555345435f494e495449414c495a45443d3100 4d414a4f523d35313100 4d494e4f523d3000
        """

    @Test("A device that comes is told byte for byte as libudev reads it")
    func add() throws {
        #expect(Self.message(.add, sequenceNumber: 1).hex == (try #require([UInt8](hex: Self.added))).hex)
    }

    @Test("A device that goes is told likewise")
    func remove() {
        let digest = Array(SHA256.hash(data: Self.message(.remove, sequenceNumber: 2))).hex
        #expect(digest == "6084cfc832e042b5c6a6b32cecd802221a6ea3723f0efc2858468935866d48ca")
    }

    @Test("Number and sequence number are in the properties, whose size is in the header", arguments: [0, 9, 10, 100])
    func numbers(number: Int) {
        let message = Self.message(.add, number: number, sequenceNumber: .max)
        let properties = message.dropFirst(40).split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        #expect(properties.contains("DEVNAME=/dev/hidraw\(number)"))
        #expect(properties.contains("MINOR=\(number)"))
        #expect(properties.contains("SEQNUM=18446744073709551615"))
        #expect(properties.contains { $0.hasPrefix("DEVPATH=/class/hidraw/") && $0.hasSuffix("/hidraw\(number)") })
        #expect(message.last == 0)
        let size = message[20..<24].reversed().reduce(0) { $0 << 8 | Int($1) }
        #expect(size == message.count - 40)
    }
}
