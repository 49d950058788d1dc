/// Why a ``PrivateBus`` does not run.
public enum PrivateBusError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is no dbus-daemon.
    case noDaemon
    /// The socket's path is longer than the system allows.
    case pathTooLong(String)
    /// The configuration cannot be written.
    case cannotWrite(path: String, reason: String)
    /// The daemon cannot be started.
    case cannotStart(reason: String)
    /// The daemon has ended by itself.
    case ended(reason: String)
    /// The bus has ended or could not start.
    case notRunning

    /// A sentence that says what to do.
    public var description: String {
        switch self {
        case .noDaemon:
            "there is no dbus-daemon in PATH; install it (apt-get install dbus-daemon)"
        case .pathTooLong(let path):
            "the socket \(path) cannot be made: its path is longer than 107 bytes; choose another directory"
        case .cannotWrite(let path, let reason):
            "\(path) cannot be written: \(reason); give an empty directory that you own"
        case .cannotStart(let reason): "dbus-daemon cannot be started: \(reason)"
        case .ended(let reason): "dbus-daemon has ended: \(reason)"
        case .notRunning: "the private D-Bus is not running: it has ended, or could not start"
        }
    }
}
