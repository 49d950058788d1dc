public import CTAPHID
import Dispatch
import Glibc

/// A connected stream socket that carries HID reports both ways: 64 bytes each, one after the other, nothing between.
///
/// Nothing is buffered here: the kernel's socket buffer is the bound, and a side that does not read makes the other's
/// ``send(_:)`` wait.
public final class ReportSocket: HIDReportChannel {
    /// The reports of the other side, in order.
    ///
    /// It ends when the other side closes the connection, and throws ``ReportSocketError``. It ends, too, when the
    /// reading task is cancelled; one that waits for a report closes the connection then, so that the wait is over.
    public let reports: AsyncThrowingStream<HIDReport, any Error>
    private let descriptor: SocketDescriptor
    private let writing = DispatchQueue(label: "aikagi.report-socket.write")

    /// A channel over a connected stream socket.
    public init(_ descriptor: SocketDescriptor) {
        self.descriptor = descriptor
        // A serial queue of its own: Dispatch gives it a thread while a call blocks.
        let reading = DispatchQueue(label: "aikagi.report-socket.read")
        reports = AsyncThrowingStream {
            try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    reading.async {
                        let result = Result { () throws(ReportSocketError) in try ReportSocket.receive(from: descriptor)
                        }
                        continuation.resume(with: result.mapError { $0 as any Error })
                    }
                }
            } onCancel: {
                descriptor.shutDown()
            }
        }
    }

    deinit { descriptor.shutDown() }

    /// Two connected sockets: a channel for this process, and the other end for a child process to inherit.
    ///
    /// - Throws: ``ReportSocketError/system(call:errorNumber:)``.
    public static func pair() throws(ReportSocketError) -> (channel: ReportSocket, other: SocketDescriptor) {
        var numbers: [CInt] = [-1, -1]
        guard socketpair(AF_UNIX, ReportSocket.streamType, 0, &numbers) == 0 else {
            throw .system(call: "socketpair", errorNumber: errno)
        }
        return (
            ReportSocket(SocketDescriptor(takingOver: numbers[0])), SocketDescriptor(takingOver: numbers[1])
        )
    }

    /// Connects to a ``ReportSocketListener``.
    ///
    /// - Throws: ``ReportSocketError``.
    public static func connect(to path: String) throws(ReportSocketError) -> ReportSocket {
        ReportSocket(try connectSocket(to: path))
    }

    /// Connects to a ``ReportSocketListener`` on behalf of a process that will inherit the socket.
    ///
    /// - Throws: ``ReportSocketError``.
    public static func connectSocket(to path: String) throws(ReportSocketError) -> SocketDescriptor {
        let descriptor = try UnixSocketAddress.socket()
        let status = try UnixSocketAddress(path).withAddress { Glibc.connect(descriptor.number, $0, $1) }
        guard status == 0 else { throw .system(call: "connect", errorNumber: errno) }
        return descriptor
    }

    /// Sends a report, waiting for room in the socket's buffer.
    ///
    /// Cancelling the task closes the connection, for half a report may be on its way.
    ///
    /// - Throws: ``ReportSocketError``.
    public func send(_ report: HIDReport) async throws {
        let descriptor = descriptor
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                writing.async {
                    let result = Result { () throws(ReportSocketError) in
                        try ReportSocket.transmit(report, to: descriptor)
                    }
                    continuation.resume(with: result.mapError { $0 as any Error })
                }
            }
        } onCancel: {
            descriptor.shutDown()
        }
    }

    /// Closes the connection, both ways.
    public func close() { descriptor.shutDown() }

    static let streamType = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)

    /// Waits for a whole report; `nil` at the end.
    private static func receive(from descriptor: SocketDescriptor) throws(ReportSocketError) -> HIDReport? {
        var bytes = [UInt8](repeating: 0, count: HIDReport.byteCount)
        var received = 0
        while received < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer in
                recv(descriptor.number, buffer.baseAddress.map { $0 + received }, buffer.count - received, 0)
            }
            if count < 0 && errno == EINTR { continue }
            // A peer that was killed with something unread resets the connection: an end like any other.
            if count < 0 && errno == ECONNRESET && received == 0 { return nil }
            guard count >= 0 else { throw .system(call: "recv", errorNumber: errno) }
            if count == 0 {
                guard received == 0 else { throw .truncatedReport(byteCount: received) }
                return nil
            }
            received += count
        }
        return HIDReport(bytes: bytes)
    }

    private static func transmit(_ report: HIDReport, to descriptor: SocketDescriptor) throws(ReportSocketError) {
        let bytes = report.bytes
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.send(
                    descriptor.number, buffer.baseAddress.map { $0 + sent }, buffer.count - sent,
                    CInt(MSG_NOSIGNAL))
            }
            if count < 0 && errno == EINTR { continue }
            if count < 0 && (errno == EPIPE || errno == ECONNRESET) { throw .closed }
            guard count >= 0 else { throw .system(call: "send", errorNumber: errno) }
            sent += count
        }
    }
}
