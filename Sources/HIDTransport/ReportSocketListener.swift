import Dispatch
import Glibc

/// A Unix socket in the file system at which other processes connect, each for a ``ReportSocket`` of its own.
public final class ReportSocketListener: Sendable {
    private let descriptor: SocketDescriptor
    private let path: String
    private let accepting = DispatchQueue(label: "aikagi.report-socket.accept")

    /// Listens at a path, for this user only (mode 0600).
    ///
    /// - Parameter path: Must not exist yet; the file goes with this object or at ``close()``.
    /// - Throws: ``ReportSocketError``; EADDRINUSE when the path exists.
    public init(path: String) throws(ReportSocketError) {
        let address = try UnixSocketAddress(path)
        let descriptor = try UnixSocketAddress.socket()
        // A socket's file takes its mode from the socket's own when it is bound, so nobody gets in before.
        guard fchmod(descriptor.number, 0o600) == 0 else { throw .system(call: "fchmod", errorNumber: errno) }
        guard address.withAddress({ bind(descriptor.number, $0, $1) }) == 0 else {
            throw .system(call: "bind", errorNumber: errno)
        }
        guard listen(descriptor.number, 16) == 0 else {
            let number = errno
            unlink(path)
            throw .system(call: "listen", errorNumber: number)
        }
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close() }

    /// Waits for the next connection; only one task may wait at a time.
    ///
    /// - Throws: ``ReportSocketError/closed`` after ``close()`` or when the task is cancelled, which closes, too.
    public func accept() async throws -> ReportSocket {
        let descriptor = descriptor
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                accepting.async {
                    let result = Result { () throws(ReportSocketError) in
                        try ReportSocketListener.accept(from: descriptor)
                    }
                    continuation.resume(with: result.mapError { $0 as any Error })
                }
            }
        } onCancel: {
            descriptor.shutDown()
        }
    }

    /// Listens no longer, and removes the file.
    public func close() {
        descriptor.shutDown()
        unlink(path)
    }

    private static func accept(from listener: SocketDescriptor) throws(ReportSocketError) -> ReportSocket {
        while true {
            let number = Glibc.accept(listener.number, nil, nil)
            if number >= 0 { return ReportSocket(SocketDescriptor(takingOver: number)) }
            switch errno {
            case EINTR, ECONNABORTED: continue
            case EINVAL: throw .closed  // the listener was shut down
            default: throw .system(call: "accept", errorNumber: errno)
            }
        }
    }
}
