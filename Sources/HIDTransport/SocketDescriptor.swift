import Glibc

/// A descriptor with one owner: it is closed when the last reference goes.
public final class SocketDescriptor: Sendable {
    /// The descriptor's number, valid for as long as this object lives.
    public let number: Int32

    /// Takes over an open descriptor, and makes it close-on-exec.
    ///
    /// - Parameter number: The caller must neither use nor close it afterwards.
    public init(takingOver number: Int32) {
        self.number = number
        // It can fail only for a number that is not open, which the first use will tell.
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
    }

    deinit { Glibc.close(number) }

    /// Ends both directions, which also wakes threads that read or write.
    func shutDown() { shutdown(number, CInt(SHUT_RDWR)) }
}
