/// Why a ``SocketRadio`` cannot send or listen.
public enum SocketRadioError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A path is longer than a Unix socket address can hold.
    case pathTooLong(path: String, maximumByteCount: Int)
    /// The directory could not be made or used.
    case directory(path: String, reason: String)
    /// The directory belongs to somebody else or others may write to it.
    case directoryNotPrivate(path: String)
    /// A socket call failed.
    case socket(call: String, path: String, reason: String)

    /// A sentence that says what to do.
    public var description: String {
        switch self {
        case .pathTooLong(let path, let maximum):
            "\(path) is too long for a Unix socket (at most \(maximum) bytes): choose a radio directory with a shorter path"
        case .directory(let path, let reason):
            "cannot use \(path) as the radio directory: \(reason); choose a directory that you may write to"
        case .directoryNotPrivate(let path):
            "\(path) must be a directory of yours that nobody else can write to: run chmod 700 on it or choose another one"
        case .socket(let call, let path, let reason): "cannot listen at \(path): \(call): \(reason)"
        }
    }
}
