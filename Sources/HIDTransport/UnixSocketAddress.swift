import Glibc

/// The address of a Unix socket in the file system.
struct UnixSocketAddress {
    let path: String
    private var address: sockaddr_un

    /// An address; refuses what does not fit with its final zero.
    init(_ path: String) throws(ReportSocketError) {
        let bytes = Array(path.utf8)
        var address = sockaddr_un()
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard !bytes.isEmpty, bytes.count < capacity, !bytes.contains(0) else { throw .unusablePath(path) }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        self.path = path
        self.address = address
    }

    /// A new stream socket.
    static func socket() throws(ReportSocketError) -> SocketDescriptor {
        let number = Glibc.socket(AF_UNIX, ReportSocket.streamType, 0)
        guard number >= 0 else { throw .system(call: "socket", errorNumber: errno) }
        return SocketDescriptor(takingOver: number)
    }

    /// A new stream socket, bound to the address, for this user only (mode 0600).
    ///
    /// A socket that is there but that nobody listens at, left over by a program that was killed, is replaced.
    func bindReplacingLeftover() throws(ReportSocketError) -> SocketDescriptor {
        let descriptor = try UnixSocketAddress.socket()
        // A socket's file takes its mode from the socket's own when it is bound, so nobody gets in before.
        guard fchmod(descriptor.number, 0o600) == 0 else { throw .system(call: "fchmod", errorNumber: errno) }
        if withAddress({ bind(descriptor.number, $0, $1) }) == 0 { return descriptor }
        let number = errno
        guard number == EADDRINUSE, try isLeftover() else { throw .system(call: "bind", errorNumber: number) }
        unlink(path)
        guard withAddress({ bind(descriptor.number, $0, $1) }) == 0 else {
            throw .system(call: "bind", errorNumber: errno)
        }
        return descriptor
    }

    /// Whether it is a socket at which nobody listens.
    private func isLeftover() throws(ReportSocketError) -> Bool {
        // Connecting to any file is refused, but only a socket cannot be opened for this reason. (`struct stat` would
        // tell, too, but Swift finds it in several modules.)
        let file = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)
        let number = errno
        guard file < 0 else {
            close(file)
            return false
        }
        guard number == ENXIO else { return false }
        let probe = try UnixSocketAddress.socket()
        return withAddress({ Glibc.connect(probe.number, $0, $1) }) != 0 && errno == ECONNREFUSED
    }

    /// Calls a function of the C library with the address.
    func withAddress(_ call: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
        withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                call($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
