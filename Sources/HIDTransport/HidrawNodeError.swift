import Glibc

/// Why a virtual hidraw device could not be put up, or is no longer there.
public enum HidrawNodeError: Error, Hashable, Sendable {
    /// `/dev/fuse` cannot be opened; with the error number.
    case noFuseDevice(Int32)
    /// The mount was refused; with the error number.
    case notMounted(path: String, errorNumber: Int32)
    /// libfuse refused its options, or the machine has no resources for a thread or a descriptor.
    case noSession
    /// The device has been unplugged.
    case closed
}

extension HidrawNodeError: CustomStringConvertible {
    /// A sentence that says what to do.
    public var description: String {
        switch self {
        case .noFuseDevice(ENOENT): "/dev/fuse does not exist; load the module with `sudo modprobe fuse`"
        case .noFuseDevice(let number):
            "/dev/fuse cannot be opened (\(errorText(number))); allow it with `sudo chmod 666 /dev/fuse`"
        case .notMounted(let path, let number):
            "no file system can be mounted on \(path) (\(errorText(number))); mount it inside a namespace of your own"
        case .noSession: "libfuse cannot start; check the limits of processes and open files with `ulimit -a`"
        case .closed: "the virtual device is unplugged; start it again"
        }
    }
}

/// The C library's text of an error number.
func errorText(_ number: Int32) -> String { String(cString: strerror(number)) }
