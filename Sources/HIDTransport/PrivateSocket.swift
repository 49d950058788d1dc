import Glibc

/// A stream socket in the file system for programs of the same user.
public enum PrivateSocket {
    /// Listens at a path, for this user only (mode 0600).
    ///
    /// A socket there at which nobody listens any more is replaced.
    ///
    /// - Returns: A descriptor that listens; the caller closes it, and removes the file.
    /// - Throws: ``ReportSocketError``; EADDRINUSE when the path is in use.
    public static func listen(at path: String) throws(ReportSocketError) -> Int32 {
        let descriptor = try UnixSocketAddress(path).bindReplacingLeftover()
        guard Glibc.listen(descriptor.number, 16) == 0 else { throw .system(call: "listen", errorNumber: errno) }
        // Another number for it, which the object that owns the first does not close.
        let number = fcntl(descriptor.number, F_DUPFD_CLOEXEC, 0)
        guard number >= 0 else { throw .system(call: "fcntl", errorNumber: errno) }
        return number
    }
}
