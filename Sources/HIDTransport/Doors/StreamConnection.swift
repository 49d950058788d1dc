import CTAPHID
import Glibc
import Synchronization

/// A connected stream socket as the far end of a door.
final class StreamConnection: DoorConnection {
    let outlastsPower = false
    private let descriptor: DoorDescriptor
    private let framing: ReportFraming
    private let decoder: Mutex<ReportDecoder>

    /// How much is read at once; the longest message has 129 reports.
    private static let readLimit = 4096

    init(_ descriptor: DoorDescriptor, framing: ReportFraming) {
        self.descriptor = descriptor
        self.framing = framing
        decoder = Mutex(ReportDecoder(framing))
    }

    deinit { descriptor.owner.shutDown() }

    func receive() async throws(ReportSocketError) -> DoorInput? {
        while true {
            let report = decoder.withLock { decoder in
                Result { () throws(ReportSocketError) in try decoder.next() }
            }
            if let report = try report.get() { return .report(report) }
            let bytes = try await descriptor.read(upTo: StreamConnection.readLimit)
            guard !bytes.isEmpty else {
                let count = decoder.withLock(\.unfinishedByteCount)
                guard count == 0 || Task.isCancelled else { throw .truncatedReport(byteCount: count) }
                return nil
            }
            decoder.withLock { $0.append(bytes) }
        }
    }

    func send(_ reports: [HIDReport]) async throws(ReportSocketError) {
        do {
            try await descriptor.write(framing.encode(reports), isSocket: true)
        } catch {
            // Half a report may be on its way.
            descriptor.owner.shutDown()
            throw error
        }
    }
}
