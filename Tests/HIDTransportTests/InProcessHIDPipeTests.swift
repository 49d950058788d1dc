import CTAPHID
import HIDTransport
import TestSupport
import Testing

@Suite struct InProcessHIDPipeTests {
    private func report(_ number: UInt8) throws -> HIDReport {
        try #require(HIDReport(bytes: Array(repeating: number, count: 64)))
    }

    @Test("reports arrive in order at the blocking end")
    func order() async throws {
        let pipe = InProcessHIDPipe()
        for number in 0..<10 { try await pipe.deviceEnd.send(report(UInt8(number))) }
        for number in 0..<10 { #expect(try pipe.hostEnd.read(timeoutMilliseconds: 0) == report(UInt8(number))) }
        #expect(try pipe.hostEnd.read(timeoutMilliseconds: 0) == nil)
    }

    @Test("a host that does not read loses the oldest reports")
    func overflow() async throws {
        let pipe = InProcessHIDPipe(capacity: 2)
        for number in 1...4 { try await pipe.deviceEnd.send(report(UInt8(number))) }
        #expect(try pipe.hostEnd.read(timeoutMilliseconds: 0) == report(3))
        #expect(try pipe.hostEnd.read(timeoutMilliseconds: 0) == report(4))
        #expect(try pipe.hostEnd.read(timeoutMilliseconds: 0) == nil)
    }

    @Test("a device that does not read makes the host's writes fail")
    func full() throws {
        let pipe = InProcessHIDPipe(capacity: 2)
        try pipe.hostEnd.write(report(1))
        try pipe.hostEnd.write(report(2))
        #expect(throws: HIDPipeError.full) { try pipe.hostEnd.write(report(3)) }
    }

    @Test("a closed pipe can be read to its end")
    func close() async throws {
        let pipe = InProcessHIDPipe()
        try await pipe.deviceEnd.send(report(1))
        try pipe.hostEnd.write(report(2))
        pipe.deviceEnd.close()
        #expect(try pipe.hostEnd.read(timeoutMilliseconds: -1) == report(1))
        for _ in 0..<2 { #expect(throws: HIDPipeError.closed) { try pipe.hostEnd.read(timeoutMilliseconds: -1) } }
        #expect(throws: HIDPipeError.closed) { try pipe.hostEnd.write(report(3)) }
        await #expect(throws: HIDPipeError.closed) { try await pipe.deviceEnd.send(report(3)) }
        var received: [HIDReport] = []
        for try await report in pipe.deviceEnd.reports { received.append(report) }
        #expect(received == [try report(2)])
    }
}
