import CTAPHID
import TestSupport
import Testing

/// What a lock holds and what ends it (CTAP 2.3 §11.2.9.2.2), beyond the clause 13 that ``CTAPHIDAuthenticatorStateTests`` has.
@Suite struct CTAPHIDLockTests {
    private let nonce = Device.nonce

    /// A device with two channels, of which the first has locked it.
    private func locked(_ seconds: String = "0a") throws -> Device {
        var device = Device()
        try device.open(2)
        #expect(try device.receive("00000001 84 0001 \(seconds)") == ["00000001 84 "])
        return device
    }

    @Test("it lasts as many seconds as were asked for, no longer", arguments: 1...10 as ClosedRange<UInt8>)
    func duration(seconds: UInt8) throws {
        var device = try locked([seconds].hex)
        #expect(device.wait(Int(seconds) * 1000 - 1).isEmpty)
        #expect(try device.receive("00000002 81 0000") == ["00000002 bf 06"])
        #expect(device.wait(1).isEmpty)
        #expect(try device.receive("00000002 81 0000") == ["00000002 81 "])
    }

    @Test("asked for again it lasts from then on, shorter or longer")
    func renewal() throws {
        var device = try locked("02")
        #expect(device.wait(1500).isEmpty)
        #expect(try device.receive("00000001 84 0001 02") == ["00000001 84 "])
        #expect(device.wait(1999).isEmpty)
        #expect(try device.receive("00000002 81 0000") == ["00000002 bf 06"])
        #expect(try device.receive("00000001 84 0001 0a") == ["00000001 84 "])
        #expect(try device.receive("00000001 84 0001 01") == ["00000001 84 "])
        #expect(device.wait(1000).isEmpty)
        #expect(try device.receive("00000002 81 0000") == ["00000002 81 "])
    }

    @Test("a refused request changes nothing", arguments: ["0001 0b", "0000", "0002 0000"])
    func refused(payload: String) throws {
        var device = try locked()
        #expect(try device.receive("00000001 84 \(payload)").first?.hasPrefix("00000001 bf") == true)
        #expect(try device.receive("00000002 81 0000") == ["00000002 bf 06"])
        #expect(try device.receive("00000001 84 0001 00") == ["00000001 84 "])
        #expect(try device.receive("00000001 84 \(payload)").first?.hasPrefix("00000001 bf") == true)
        #expect(try device.receive("00000002 81 0000") == ["00000002 81 "])
    }

    @Test("nobody else can take it or give it back", arguments: ["00", "05"])
    func foreign(seconds: String) throws {
        var device = try locked()
        for channel in ["00000002", "11223344"] {
            #expect(try device.receive("\(channel) 84 0001 \(seconds)") == ["\(channel) bf 06"])
        }
        #expect(try device.receive("ffffffff 84 0001 \(seconds)") == ["ffffffff bf 0b"])
        #expect(try device.receive("00000002 81 0000") == ["00000002 bf 06"])
        #expect(try device.receive("00000001 81 0000") == ["00000001 81 "])
    }

    @Test("whoever holds it may do everything, INIT included, and keeps it")
    func holder() throws {
        var device = try locked()
        #expect(
            try device.receive("00000001 86 0008 \(nonce)").first?.hasPrefix("00000001 86 \(nonce)00000001") == true)
        #expect(try device.receive("00000001 88 0000") == ["wink", "00000001 88 "])
        #expect(try device.receive("00000001 90 0001 04") == ["begin 00000001 04"])
        #expect(try device.receive("00000002 86 0008 \(nonce)") == ["00000002 bf 06"])
        let transaction = try #require(device.state.executing)
        #expect(
            device.state.respond(to: transaction, with: [0], now: device.now).map(Device.short) == ["00000001 90 00"])
        #expect(try device.receive("00000002 81 0000") == ["00000002 bf 06"])
    }

    @Test("it ends in the middle of a request, which goes on")
    func endsWhileExecuting() throws {
        var device = try locked("01")
        #expect(try device.receive("00000001 90 0001 01") == ["begin 00000001 01"])
        #expect(device.wait(1000) == ["00000001 bb 01"])
        #expect(try device.receive("00000002 90 0001 04") == ["00000002 bf 06"])
        #expect(try device.receive("00000002 86 0008 \(nonce)").first?.hasPrefix("00000002 86") == true)
        let transaction = try #require(device.state.executing)
        #expect(
            device.state.respond(to: transaction, with: [0], now: device.now).map(Device.short) == ["00000001 90 00"])
        #expect(try device.receive("00000002 81 0000") == ["00000002 81 "])
    }

    @Test("without one, giving it back is granted to everybody; a channel that nobody asked for has none to take")
    func nothingToRelease() throws {
        var device = Device()
        try device.open(2)
        #expect(try device.receive("00000002 84 0001 00") == ["00000002 84 "])
        #expect(try device.receive("00000001 81 0000") == ["00000001 81 "])
        #expect(try device.receive("11223344 84 0001 05") == ["11223344 bf 0b"])
        #expect(try device.receive("00000001 81 0000") == ["00000001 81 "])
    }

    @Test("none is given while another channel's message or request is under way")
    func taken() throws {
        var device = Device()
        try device.open(2)
        #expect(try device.receive("00000001 81 0040 aa").isEmpty)
        #expect(try device.receive("00000002 84 0001 05") == ["00000002 bf 06"])
        #expect(try device.receive("00000001 00 bb").count == 2)
        #expect(try device.receive("00000001 90 0001 01") == ["begin 00000001 01"])
        #expect(try device.receive("00000002 84 0001 05") == ["00000002 bf 06"])
    }
}
