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

    /// Calls a function of the C library with the address.
    func withAddress(_ call: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
        withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                call($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
