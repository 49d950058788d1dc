import FoundationEssentials
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import BluetoothLE

@Suite(.timeLimit(.minutes(1))) struct SocketRadioTests {
    private let advertisement = ServiceDataAdvertisement(serviceUUID: 0xFFF9, serviceData: [UInt8](0..<20))

    /// Runs a test with a directory of its own and removes it afterwards.
    private func withDirectory(_ body: (String) async throws -> Void) async throws {
        let directory = "/tmp/radio-test-\(getpid())-\(UInt32.random(in: .min ... .max))"
        // Cleaning up: a directory that was never made cannot be removed, and need not be.
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try await body(directory)
    }

    private func sockets(in directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory)
    }

    @Test("a scan hears an advertisement at once and again after every 100 ms")
    func hears() async throws {
        try await withDirectory { directory in
            let clock = ManualClock()
            let radio = SocketRadio(directory: directory, clock: clock)
            var heard = try await radio.advertisements().makeAsyncIterator()
            try await withThrowingTaskGroup { group in
                group.addTask { [advertisement] in try await radio.advertise(advertisement) }
                for _ in 0..<3 {
                    let next = try await heard.next()
                    #expect(next == advertisement)
                    await clock.sleepers()
                    clock.advance(by: SocketRadio.interval)
                }
                group.cancelAll()
            }
        }
    }

    @Test("a scan that starts later hears the next transmission")
    func late() async throws {
        try await withDirectory { directory in
            let clock = ManualClock()
            let radio = SocketRadio(directory: directory, clock: clock)
            try await withThrowingTaskGroup { group in
                group.addTask { [advertisement] in try await radio.advertise(advertisement) }
                await clock.sleepers()
                var heard = try await radio.advertisements().makeAsyncIterator()
                clock.advance(by: SocketRadio.interval)
                #expect(try await heard.next() == advertisement)
                group.cancelAll()
            }
        }
    }

    @Test("directory and socket are closed to others, and the socket goes with its scan")
    func modes() async throws {
        try await withDirectory { directory in
            let radio = SocketRadio(directory: directory)
            var stream: AsyncThrowingStream<ServiceDataAdvertisement, any Error>? = try await radio.advertisements()
            let name = try #require(try sockets(in: directory).first)
            var status = stat()
            #expect(lstat(directory, &status) == 0 && status.st_mode & 0o777 == 0o700)
            #expect(lstat(directory + "/" + name, &status) == 0 && status.st_mode & 0o777 == 0o600)
            #expect(name.hasPrefix("scanner-\(getpid())-") && name.hasSuffix(".sock"))
            #expect(stream != nil)
            stream = nil
            #expect(try sockets(in: directory).isEmpty)
        }
    }

    @Test("two thousand scans leave neither files nor descriptors")
    func noLeak() async throws {
        try await withDirectory { directory in
            let radio = SocketRadio(directory: directory)
            for _ in 0..<2000 {
                let scan = Task {
                    for try await _ in try await radio.advertisements() {}
                }
                scan.cancel()
                try await scan.value
            }
            #expect(try sockets(in: directory).isEmpty)
        }
    }

    @Test("malformed datagrams are reported and the scan goes on")
    func malformed() async throws {
        try await withDirectory { directory in
            let errors = Mutex<[AdvertisingDataError]>([])
            let radio = SocketRadio(directory: directory) { error in errors.withLock { $0.append(error) } }
            var heard = try await radio.advertisements().makeAsyncIterator()
            let path = directory + "/" + (try #require(try sockets(in: directory).first))
            let sender = try DatagramSocket()
            for datagram in [[], [5], [0x17, 0x16], [UInt8](repeating: 1, count: 5000), [0x01, 0x16]] {
                #expect(sender.send(datagram, to: path) == .sent)
            }
            #expect(sender.send(try AdvertisingData.encode(advertisement), to: path) == .sent)
            #expect(try await heard.next() == advertisement)
            #expect(
                errors.withLock(\.self) == [
                    .truncated(at: 1), .truncated(at: 1), .tooLong(byteCount: 1651), .noServiceUUID(at: 2),
                ])
        }
    }

    @Test("a socket file that nobody listens at is removed; a file that is no socket of a scan stays")
    func stale() async throws {
        try await withDirectory { directory in
            try RadioDirectory.prepare(directory)
            // A process that was killed closes its socket but leaves the file.
            let path = directory + "/" + RadioDirectory.scannerName(process: 1, random: 1)
            let descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0)
            var address = try #require(sockaddr_un(path: path))
            let bound = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            #expect(bound == 0)
            close(descriptor)
            #expect(creat(directory + "/notes", 0o600) >= 0)
            let clock = ManualClock()
            let radio = SocketRadio(directory: directory, clock: clock)
            let advertising = Task { [advertisement] in try await radio.advertise(advertisement) }
            await clock.sleepers()
            #expect(try sockets(in: directory) == ["notes"])
            advertising.cancel()
            try await advertising.value
        }
    }

    @Test("a directory that others can write to, a link and a missing parent are refused with advice")
    func directories() async throws {
        try await withDirectory { directory in
            #expect(mkdir(directory, 0o700) == 0 && chmod(directory, 0o777) == 0)
            await #expect(throws: SocketRadioError.directoryNotPrivate(path: directory)) {
                _ = try await SocketRadio(directory: directory).advertisements()
            }
            #expect(chmod(directory, 0o700) == 0)
            let link = directory + "/link"
            #expect(symlink("/tmp", link) == 0)
            await #expect(throws: SocketRadioError.directoryNotPrivate(path: link)) {
                _ = try await SocketRadio(directory: link).advertisements()
            }
            let orphan = directory + "/missing/radio"
            await #expect(throws: SocketRadioError.directory(path: orphan, reason: "No such file or directory")) {
                try await SocketRadio(directory: orphan).advertise(advertisement)
            }
            let long = directory + "/" + String(repeating: "d", count: 90)
            await #expect(throws: SocketRadioError.self) {
                _ = try await SocketRadio(directory: long).advertisements()
            }
        }
    }
}
