import CTAPHID
import Glibc
import Testing

@testable import HIDTransport

@Suite(.timeLimit(.minutes(1))) struct DatagramConnectionTests {
    /// A program with a UDP socket and a channel of its own.
    private struct Program {
        let channel: UInt8
        let socket: SocketDescriptor

        init(channel: UInt8) throws {
            self.channel = channel
            socket = try InternetAddress.resolve("127.0.0.1", port: 0).bind(SOCK_DGRAM).socket
            var limit = timeval(tv_sec: 30, tv_usec: 0)
            setsockopt(socket.number, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        }

        /// A report on the channel that says a number.
        func report(_ number: Int) throws -> HIDReport {
            let bytes = [0, 0, 0, channel, UInt8(number)] + [UInt8](repeating: channel ^ UInt8(number), count: 59)
            return try #require(HIDReport(bytes: bytes))
        }

        func send(_ report: HIDReport, to address: InternetAddress) {
            let count = address.withAddress { sendto(socket.number, report.bytes, report.bytes.count, 0, $0, $1) }
            #expect(count == 64)
        }

        /// The next datagram.
        func receive() -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: 65_536)
            let count = recv(socket.number, &bytes, bytes.count, 0)
            return Array(bytes.prefix(max(count, 0)))
        }
    }

    /// Whether the kernel may cut what is sent into datagrams: for sockets without checksums it refuses.
    @Test("Each report is a datagram, in order, for whoever has its channel", arguments: [true, false])
    func datagrams(canBeCut: Bool) async throws {
        let (socket, port) = try InternetAddress.resolve("127.0.0.1", port: 0).bind(SOCK_DGRAM)
        let address = try InternetAddress.resolve("127.0.0.1", port: port)
        let (one, other) = (try Program(channel: 1), try Program(channel: 2))
        if !canBeCut {
            var yes: CInt = 1
            setsockopt(socket.number, SOL_SOCKET, SO_NO_CHECK, &yes, socklen_t(MemoryLayout<CInt>.size))
        }
        try await DoorThread.run { thread in
            let connection = DatagramConnection(try DoorDescriptor(socket, on: thread), replyPort: nil)
            for program in [one, other] {
                program.send(try program.report(0), to: address)
                guard case .report(let report) = try await connection.receive() else {
                    Issue.record("what was sent is no report")
                    return
                }
                #expect(report.bytes == (try program.report(0)).bytes)
            }
            // The longest message (129 reports) twice, with one for the other program between.
            let first = try (0..<129).map(one.report)
            let second = try (129..<200).map(one.report)
            try await connection.send(first + [other.report(7)] + second)
            try await connection.send([other.report(8)])
            for report in first + second { #expect(one.receive() == report.bytes) }
            #expect(other.receive() == (try other.report(7)).bytes)
            #expect(other.receive() == (try other.report(8)).bytes)
            // What one call has cut is no setting of the socket, by which another would be.
            var (size, byteCount) = (CInt(-1), socklen_t(MemoryLayout<CInt>.size))
            let isKnown = getsockopt(socket.number, CInt(IPPROTO_UDP), 103, &size, &byteCount) == 0
            #expect(!isKnown || size == 0)
        }
    }

    @Test("Several who send at the same time find each report a datagram, also when cutting turns out to be refused")
    func atTheSameTime() async throws {
        let (socket, port) = try InternetAddress.resolve("127.0.0.1", port: 0).bind(SOCK_DGRAM)
        let address = try InternetAddress.resolve("127.0.0.1", port: port)
        let programs = try (1...4 as ClosedRange<UInt8>).map { try Program(channel: $0) }
        var yes: CInt = 1
        setsockopt(socket.number, SOL_SOCKET, SO_NO_CHECK, &yes, socklen_t(MemoryLayout<CInt>.size))
        try await DoorThread.run { thread in
            let connection = DatagramConnection(try DoorDescriptor(socket, on: thread), replyPort: nil)
            for program in programs {
                program.send(try program.report(0), to: address)
                _ = try await connection.receive()
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for program in programs {
                    let reports = try (0..<100).map(program.report)
                    group.addTask { try await connection.send(reports) }
                }
                try await group.waitForAll()
            }
            for program in programs {
                for number in 0..<100 { #expect(program.receive() == (try program.report(number)).bytes) }
            }
        }
    }

    @Test("A client that has gone does not keep the others from their reports")
    func gone() async throws {
        let (socket, port) = try InternetAddress.resolve("127.0.0.1", port: 0).bind(SOCK_DGRAM)
        let address = try InternetAddress.resolve("127.0.0.1", port: port)
        let there = try Program(channel: 2)
        try await DoorThread.run { thread in
            let connection = DatagramConnection(try DoorDescriptor(socket, on: thread), replyPort: nil)
            do {
                let gone = try Program(channel: 1)
                gone.send(try gone.report(0), to: address)
                _ = try await connection.receive()
            }
            there.send(try there.report(0), to: address)
            _ = try await connection.receive()
            let lost = try (0..<10).map { number in
                try #require(HIDReport(bytes: [0, 0, 0, 1, UInt8(number)] + [UInt8](repeating: 0, count: 59)))
            }
            try await connection.send(lost + [there.report(1)] + lost + [there.report(2)])
            for number in 1...2 { #expect(there.receive() == (try there.report(number)).bytes) }
        }
    }
}
