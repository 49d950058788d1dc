import CTAP
import CTAPHID
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import HIDTransport

@Suite("Reports that are answered where they come in", .timeLimit(.minutes(1)))
final class AttendantTests: Sendable {
    private let now = Mutex(ContinuousClock.now)

    /// Answers what begins with 1 twice over, and leaves the rest.
    private static let attendant: HIDReportAttendant = { report in
        report.bytes.first == 1 ? [report, report] : nil
    }

    /// A connection, and the client's end of it.
    private func connect(
        on thread: DoorThread, _ framing: ReportFraming = .bare
    ) throws -> (StreamConnection, SocketDescriptor) {
        let (client, other) = try SocketDescriptor.streamPair()
        return (StreamConnection(try DoorDescriptor(other, on: thread), framing: framing), client)
    }

    @Test(
        "What the attendant answers does not come in, what it leaves does, in whatever pieces it arrives",
        arguments: [ReportFraming.bare, .lengthPrefixed], [1, 63, 66, 67, 1000])
    func pieces(framing: ReportFraming, size: Int) async throws {
        let (one, two) = (try ReportFramingTests.report(1), try ReportFramingTests.report(2))
        try await DoorThread.run { thread in
            let (connection, client) = try connect(on: thread, framing)
            connection.setAttendant(AttendantTests.attendant)
            let bytes = framing.encode([one, one, two])
            let writer = OwnedThread.start {
                for start in stride(from: 0, to: bytes.count, by: size) {
                    client.write(Array(bytes[start..<min(start + size, bytes.count)]))
                }
            }
            #expect(writer)
            guard case .report(let left)? = try await connection.receive() else {
                Issue.record("nothing came in")
                return
            }
            #expect(left == two)
            #expect(client.read(framing.encode([one, one, one, one]).count) == framing.encode([one, one, one, one]))
        }
    }

    @Test("An answer that is not taken at once is sent on, and nothing of it is lost or twice")
    func slowReader() async throws {
        let one = try ReportFramingTests.report(1)
        let answer = try (0..<129).map { try ReportFramingTests.report(UInt8($0)) }
        try await DoorThread.run { thread in
            let (client, other) = try SocketDescriptor.streamPair()
            var least: CInt = 1
            setsockopt(other.number, SOL_SOCKET, SO_SNDBUF, &least, socklen_t(MemoryLayout<CInt>.size))
            let connection = StreamConnection(try DoorDescriptor(other, on: thread), framing: .bare)
            connection.setAttendant { report in report == one ? answer : nil }
            let rounds = 20
            client.write([[UInt8]](repeating: one.bytes, count: rounds).flatMap { $0 })
            let expected = [[UInt8]](repeating: answer.flatMap(\.bytes), count: rounds).flatMap { $0 }
            let heard = Mutex<[UInt8]>([])
            let reader = OwnedThread.start {
                let bytes = client.read(expected.count)
                heard.withLock { $0 = bytes }
                client.write([UInt8](repeating: 9, count: 64))
            }
            #expect(reader)
            // Those behind an answer that was not taken come in, as a server would answer them.
            while case .report(let report)? = try await connection.receive(), report == one {
                try await connection.send(answer)
            }
            #expect(heard.withLock { $0 } == expected)
        }
    }

    @Test("What is no report is said to be none at once, as without an attendant")
    func wrongLength() async throws {
        try await DoorThread.run { thread in
            let (connection, client) = try connect(on: thread, .lengthPrefixed)
            connection.setAttendant(AttendantTests.attendant)
            client.write([0, 63, 1])
            await #expect(throws: ReportSocketError.wrongLength(63)) { _ = try await connection.receive() }
        }
    }

    @Test("A client that leaves ends the wait", arguments: [0, 10])
    func end(rest: Int) async throws {
        try await DoorThread.run { thread in
            let (connection, client) = try connect(on: thread)
            connection.setAttendant(AttendantTests.attendant)
            client.write([UInt8](repeating: 2, count: rest))
            client.shutDown()
            if rest == 0 {
                let input = try await connection.receive()
                #expect(input == nil)
            } else {
                await #expect(throws: ReportSocketError.truncatedReport(byteCount: rest)) {
                    _ = try await connection.receive()
                }
            }
        }
    }

    @Test("A client that asks again before it has heard the answer keeps nobody else waiting")
    func eagerClient() async throws {
        let (one, two) = (try ReportFramingTests.report(1), try ReportFramingTests.report(2))
        try await DoorThread.run { thread in
            let (eager, eagerClient) = try connect(on: thread)
            let (other, otherClient) = try connect(on: thread)
            // Each request is followed by the next one before its answer is sent.
            let count = Mutex(0)
            eager.setAttendant { report in
                guard report == one else { return nil }
                eagerClient.write(one.bytes)
                count.withLock { $0 += 1 }
                return []
            }
            eagerClient.write(one.bytes)
            otherClient.write(two.bytes)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    guard case .report(let report)? = try await other.receive() else {
                        Issue.record("the other client was not heard")
                        return
                    }
                    #expect(report == two)
                }
                group.addTask { _ = try await eager.receive() }
                try await group.next()
                // It is answered again and again, and has not come to its end.
                #expect(count.withLock { $0 } > 0)
                eager.setAttendant(nil)
                group.cancelAll()
            }
        }
    }

    @Test("Answers go on until nothing is left to answer, and then the client's end shows")
    func endAfterAnswers() async throws {
        let one = try ReportFramingTests.report(1)
        try await DoorThread.run { thread in
            let (connection, client) = try connect(on: thread)
            connection.setAttendant(AttendantTests.attendant)
            client.write([[UInt8]](repeating: one.bytes, count: 20).flatMap { $0 })
            client.shutDownWriting()
            let input = try await connection.receive()
            #expect(input == nil)
            #expect(client.read(40 * 64) == [[UInt8]](repeating: one.bytes, count: 40).flatMap { $0 })
        }
    }

    @Test("A cancelled wait ends")
    func cancellation() async throws {
        try await DoorThread.run { thread in
            let (connection, client) = try connect(on: thread)
            connection.setAttendant(AttendantTests.attendant)
            try await withThrowingTaskGroup(of: Bool.self) { group in
                group.addTask {
                    let input = try await connection.receive()
                    return input == nil
                }
                group.cancelAll()
                let hasEnded = try await group.next()
                #expect(hasEnded == true)
            }
            withExtendedLifetime(client) {}
        }
    }

    // MARK: The device

    private func device() throws -> (CTAPHIDDevice, channel: ChannelID) {
        let device = CTAPHIDDevice(configuration: .init(), now: { [self] in now.withLock { $0 } }, wink: nil)
        return (device, try openChannel(device))
    }

    private func openChannel(_ device: CTAPHIDDevice) throws -> ChannelID {
        #expect(device.receive(report(.initialize, [UInt8](repeating: 5, count: 8), on: .broadcast)) == nil)
        #expect(device.beginSending())
        let reply = try #require(device.nextToSend()?.first)
        #expect(device.nextToSend() == nil)
        return ChannelID(rawValue: reply.bytes[15..<19].reduce(0) { $0 << 8 | UInt32($1) })
    }

    private func report(_ command: CTAPHIDCommand, _ bytes: [UInt8], on channel: ChannelID) -> HIDReport {
        CTAPHIDPacket.initialization(
            channel: channel, command: command, byteCount: UInt16(bytes.count), data: Array(bytes.prefix(57))
        ).report
    }

    @Test("A request of one report is answered with the reports of the answer")
    func wholeRequest() throws {
        let (device, channel) = try device()
        let reports = try #require(device.answerAtOnce(report(.cbor, [4], on: channel)) { [0] + $0.bytes })
        #expect(reports == [report(.cbor, [0, 4], on: channel)])
        #expect(
            device.answerAtOnce(report(.cbor, [4], on: channel)) { _ in [UInt8](repeating: 0, count: 600) }?.count == 11
        )
    }

    @Test("What is left is as if it had not come yet")
    func left() throws {
        let (device, channel) = try device()
        let request = report(.cbor, [4], on: channel)
        #expect(device.answerAtOnce(request) { _ in nil } == nil)
        let begun = try #require(device.receive(request))
        #expect(begun.message.bytes == [4])
        // While it is being answered, others are told that the device is busy, by whoever reads the reports.
        #expect(device.answerAtOnce(request) { _ in [0] } == nil)
        #expect(device.respondUnlessEnded(to: begun.transaction, with: [0]))
        // Nothing may come between what is still to be sent.
        #expect(device.answerAtOnce(request) { _ in [0] } == nil)
        #expect(device.beginSending())
        #expect(device.answerAtOnce(request) { _ in [0] } == nil)
        while device.nextToSend() != nil {}
        #expect(device.answerAtOnce(request) { _ in [0] } != nil)
        device.close()
        #expect(device.answerAtOnce(request) { _ in [0] } == nil)
    }

    @Test(
        "Everything else is left",
        arguments: ["ping", "part of a message", "unknown channel", "locked", "continuation"])
    func others(name: String) throws {
        let (device, channel) = try device()
        let request = report(.cbor, [4], on: channel)
        let other: HIDReport
        switch name {
        case "ping": other = report(.ping, [4], on: channel)
        case "part of a message": other = report(.cbor, [UInt8](repeating: 4, count: 58), on: channel)
        case "unknown channel": other = report(.cbor, [4], on: ChannelID(rawValue: channel.rawValue + 7))
        case "continuation": other = CTAPHIDPacket.continuation(channel: channel, sequence: 0, data: [4]).report
        default:
            let second = report(.cbor, [4], on: try openChannel(device))
            #expect(device.answerAtOnce(second) { _ in [0] } != nil)
            #expect(device.receive(report(.lock, [5], on: channel)) == nil)
            #expect(device.beginSending())
            while device.nextToSend() != nil {}
            #expect(device.answerAtOnce(request) { _ in [0] } != nil, "the lock's owner is served")
            #expect(device.answerAtOnce(second) { _ in [0] } == nil)
            now.withLock { $0 += .seconds(6) }
            #expect(device.answerAtOnce(second) { _ in [0] } != nil, "the lock has run out")
            return
        }
        #expect(device.answerAtOnce(other) { _ in [0] } == nil)
    }
}

extension SocketDescriptor {
    /// Two ends of a stream, both of which wait for at most half a minute.
    fileprivate static func streamPair() throws -> (SocketDescriptor, SocketDescriptor) {
        var numbers: [CInt] = [-1, -1]
        guard socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &numbers) == 0 else {
            throw ReportSocketError.system(call: "socketpair", errorNumber: errno)
        }
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        for number in numbers {
            setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            setsockopt(number, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        return (SocketDescriptor(takingOver: numbers[0]), SocketDescriptor(takingOver: numbers[1]))
    }

    /// Says that nothing more comes.
    fileprivate func shutDownWriting() { shutdown(number, CInt(SHUT_WR)) }

    fileprivate func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(number, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// So many bytes, or what comes before the end.
    fileprivate func read(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count < count {
            let read = Glibc.read(number, &buffer, min(buffer.count, count - bytes.count))
            guard read > 0 else { break }
            bytes += buffer.prefix(read)
        }
        return bytes
    }
}
