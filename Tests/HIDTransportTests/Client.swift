import CTAPHID
import Dispatch
import HIDTransport
import TestSupport
import Testing

/// A client on the blocking end of a pipe; it blocks a queue of its own.
struct Client: Sendable {
    let end: InProcessHIDPipe.HostEnd
    private let queue = DispatchQueue(label: "client")

    init(_ end: InProcessHIDPipe.HostEnd) { self.end = end }

    func send(_ command: CTAPHIDCommand, _ bytes: [UInt8], on channel: UInt32) throws {
        let message = try CTAPHIDMessage(command: command, bytes: bytes)
        for report in message.reports(on: ChannelID(rawValue: channel)) { try end.write(report) }
    }

    /// The next report's packet.
    func receive() async throws -> CTAPHIDPacket {
        try await withCheckedThrowingContinuation { continuation in
            queue.async {
                do throws(HIDPipeError) {
                    // The limit is only for a test that fails.
                    guard let report = try end.read(timeoutMilliseconds: 60_000) else { throw .full }
                    continuation.resume(returning: CTAPHIDPacket(report))
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        }
    }

    /// The next report in short form.
    func hear() async throws -> String {
        guard case .initialization(let channel, let command, let count, let data) = try await receive() else {
            return "continuation"
        }
        return "\(channel) \([command.rawValue].hex) \(count) \(Array(data.prefix(4)).hex)"
    }

    /// Opens a channel, which of a fresh device has this number.
    ///
    /// - Returns: The capabilities.
    @discardableResult func open(channel: UInt32 = 1) async throws -> CTAPHIDCapabilities {
        try send(.initialize, [1, 2, 3, 4, 5, 6, 7, 8], on: 0xFFFF_FFFF)
        guard case .initialization(let number, let command, 17, let data) = try await receive() else {
            Issue.record("INIT is not answered")
            return []
        }
        #expect(number.rawValue == 0xFFFF_FFFF)
        #expect(command == .initialize)
        #expect(data.prefix(8).elementsEqual([1, 2, 3, 4, 5, 6, 7, 8]))
        #expect(Array(data.dropFirst(8).prefix(4)).hex == [0, 0, 0, UInt8(truncatingIfNeeded: channel)].hex)
        return CTAPHIDCapabilities(rawValue: data[16])
    }
}
