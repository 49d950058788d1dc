import CTAPHID
import FoundationEssentials
import Glibc
import Testing

@testable import HIDTransport

/// Finds out whether this process may mount a device.
enum MountPermission {
    static let isGranted: Bool = {
        let identity = HidrawIdentity(name: "", vendorID: 0, productID: 0, physicalLocation: "")
        let path = FileManager.default.temporaryDirectory.appending(path: "node-\(UUID())").path
        close(Glibc.open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600))
        defer { unlink(path) }
        return (try? HidrawNode(identity, at: path)) != nil  // any failure means that it cannot be tested here
    }()
}

/// Needs to mount, so it runs only where this process may: as root, given the FUSE device.
///
/// What an ordinary user can do in a
/// namespace is tested by `Tests/Peers/test_key_node.py`.
@Suite(.enabled(if: MountPermission.isGranted, "mounting needs root and /dev/fuse"), .serialized)
struct HidrawNodeTests {
    static let identity = HidrawIdentity(
        name: "Aikagi Key", vendorID: 0x1209, productID: 0x0001, physicalLocation: "aikagi", serialNumber: "42")

    static func report(_ byte: UInt8) throws -> HIDReport {
        try #require(HIDReport(bytes: [UInt8](repeating: byte, count: HIDReport.byteCount)))
    }

    /// Runs with a device at a temporary path, and checks that the mount has gone afterwards.
    func withNode(_ body: (HidrawNode, String) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "node-\(UUID())").path
        close(Glibc.open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600))
        defer { unlink(path) }
        let node = try HidrawNode(Self.identity, at: path)
        try await body(node, path)
        await node.close()
        let mounts = try String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)
        #expect(!mounts.contains(path))
    }

    @Test("What a client writes arrives, with a report number and without; other sizes are refused")
    func writing() async throws {
        try await withNode { node, path in
            let client = open(path, O_RDWR)
            defer { close(client) }
            let withNumber = [0] + [UInt8](repeating: 1, count: 64)
            let without = [UInt8](repeating: 2, count: 64)
            #expect(write(client, withNumber, 65) == 65)
            #expect(write(client, without, 64) == 64)
            #expect(write(client, [1] + without, 65) == -1 && errno == EINVAL)
            #expect(write(client, without, 63) == -1 && errno == EINVAL)
            var iterator = node.reports.makeAsyncIterator()
            let reports = [try await iterator.next(), try await iterator.next()]
            #expect(reports == [try Self.report(1), try Self.report(2)])
        }
    }

    @Test("Every open file reads every report; an empty one answers EAGAIN and polls false")
    func reading() async throws {
        try await withNode { node, path in
            let clients = (0..<2).map { _ in open(path, O_RDWR | O_NONBLOCK) }
            defer { clients.forEach { close($0) } }
            var buffer = [UInt8](repeating: 0, count: 100)
            for client in clients {
                #expect(read(client, &buffer, 64) == -1 && errno == EAGAIN)
                var waited = pollfd(fd: client, events: Int16(POLLIN | POLLOUT), revents: 0)
                #expect(poll(&waited, 1, 0) == 1 && waited.revents == Int16(POLLOUT))
            }
            for byte in 1...3 as ClosedRange<UInt8> { try await node.send(try Self.report(byte)) }
            for client in clients {
                for byte in 1...3 as ClosedRange<UInt8> {
                    var waited = pollfd(fd: client, events: Int16(POLLIN), revents: 0)
                    #expect(poll(&waited, 1, 5000) == 1)
                    #expect(read(client, &buffer, 100) == 64)
                    #expect(buffer.prefix(64).allSatisfy { $0 == byte })
                }
                #expect(read(client, &buffer, 64) == -1 && errno == EAGAIN)
            }
        }
    }

    @Test("A blocking read waits for a report while the same descriptor is written, and a poll is woken")
    func blocking() async throws {
        try await withNode { node, path in
            let client = open(path, O_RDWR)
            defer { close(client) }
            let (bytes, continuation) = AsyncStream.makeStream(of: [UInt8].self)
            #expect(
                OwnedThread.start {
                    var buffer = [UInt8](repeating: 0, count: 64)
                    let count = read(client, &buffer, 64)
                    continuation.yield(Array(buffer.prefix(max(count, 0))))
                    var waited = pollfd(fd: client, events: Int16(POLLIN), revents: 0)
                    continuation.yield(poll(&waited, 1, 5000) == 1 ? [1] : [0])
                })
            // Without FOPEN_STREAM this write would hang for as long as the read above waits.
            #expect(write(client, [UInt8](repeating: 9, count: 64), 64) == 64)
            var reports = node.reports.makeAsyncIterator()
            #expect(try await reports.next()?.bytes == [UInt8](repeating: 9, count: 64))
            try await node.send(try Self.report(5))
            var iterator = bytes.makeAsyncIterator()
            #expect(await iterator.next() == [UInt8](repeating: 5, count: 64))
            try await node.send(try Self.report(6))
            #expect(await iterator.next() == [1])
        }
    }

    @Test("The ioctls tell what the device is")
    func ioctls() async throws {
        try await withNode { _, path in
            let client = open(path, O_RDWR)
            defer { close(client) }
            var buffer = [UInt8](repeating: 0xAA, count: 4100)
            #expect(ioctl(client, 0x8004_4801, &buffer) == 0)
            #expect(buffer.prefix(4) == [34, 0, 0, 0])
            #expect(ioctl(client, 0x9004_4802, &buffer) == 0)
            #expect(Array(buffer[4..<38]) == HidrawIdentity.reportDescriptor)
            #expect(ioctl(client, 0x8008_4803, &buffer) == 0)
            #expect(Array(buffer[0..<8]) == [3, 0, 0, 0, 0x09, 0x12, 1, 0])
            #expect(ioctl(client, 0x8100_4804, &buffer) == 11)
            #expect(Array(buffer[0..<11]) == Array("Aikagi Key".utf8) + [0])
            #expect(ioctl(client, 0x8003_4808, &buffer) == 3)
            #expect(ioctl(client, 0x8040_4809, &buffer) == -1 && errno == ENOTTY)
            #expect(isatty(client) == 0)
        }
    }

    @Test("Unplugging ends the stream, wakes a waiting reader, and makes sending fail")
    func unplugging() async throws {
        try await withNode { node, path in
            let client = open(path, O_RDWR)
            defer { close(client) }
            let (errors, continuation) = AsyncStream.makeStream(of: Int32.self)
            #expect(
                OwnedThread.start {
                    var buffer = [UInt8](repeating: 0, count: 64)
                    continuation.yield(0)
                    let count = read(client, &buffer, 64)
                    continuation.yield(count < 0 ? errno : 0)
                })
            var iterator = errors.makeAsyncIterator()
            _ = await iterator.next()
            await node.close()
            let number = await iterator.next()
            #expect(number == ENODEV || number == ENOTCONN || number == ECONNABORTED)
            for try await _ in node.reports { Issue.record("nothing was written") }
            await #expect(throws: HidrawNodeError.closed) { try await node.send(try Self.report(1)) }
            #expect(write(client, [UInt8](repeating: 0, count: 64), 64) == -1)
        }
    }

    @Test("Nothing can be mounted on a file that does not exist")
    func missingFile() {
        #expect(throws: HidrawNodeError.notMounted(path: "/nonexistent", errorNumber: ENOENT)) {
            try HidrawNode(Self.identity, at: "/nonexistent")
        }
    }
}
