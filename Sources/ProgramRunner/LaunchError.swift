import Glibc

/// Why a program could not be run in a namespace of its own.
public enum LaunchError: Error, Hashable, Sendable {
    /// No program was named.
    case noCommand
    /// A program that is needed could not be started; with the error number.
    case notStarted(program: String, errorNumber: Int32)
    /// A file, socket or pipe could not be made; with the error number.
    case noResource(String, errorNumber: Int32)
    /// The file that tells what to run is missing or damaged.
    case unreadableDescription
    /// A mount in the namespace failed; with the error number.
    case notMounted(path: String, errorNumber: Int32)
    /// The entries of a virtual device could not be written; with the reason.
    case notWritten(path: String, reason: String)
    /// A virtual device could not be put up; with the reason.
    case noDevice(reason: String)
    /// Devices cannot come and go while the program runs; with the reason.
    case noHotPlug(reason: String)
    /// The virtual screen could not be put up; with the X server's last words.
    case noDisplay(reason: String)
    /// bwrap gave up before the program began; it has told why on standard error.
    case sandboxFailed
    /// The process that holds the authenticators has ended.
    case serverGone
}

extension LaunchError: CustomStringConvertible {
    /// A sentence that says what to do.
    public var description: String {
        switch self {
        case .noCommand: "no program to run; name one after --"
        case .notStarted(let program, let number):
            "\(program) cannot be started (\(errorText(number))); check that it is installed and may be executed"
        case .noResource(let what, let number):
            "\(what) cannot be made (\(errorText(number))); check the limits with `ulimit -a`"
        case .unreadableDescription: "`inside` is started by `aikagi with` only; use that"
        case .notMounted(let path, let number):
            "nothing can be mounted on \(path) (\(errorText(number))); this host restricts user namespaces, use uhid instead"
        case .notWritten(let path, let reason): "\(path) cannot be written: \(reason)"
        case .noDevice(let reason): reason
        case .noHotPlug(let reason):
            "keys cannot be plugged in or out while the program runs (\(reason)); give them without `unplugged`"
        case .noDisplay(let reason): "the virtual screen did not start: \(reason); check that `Xvfb :99` works"
        case .sandboxFailed:
            "bwrap could not set up the program's surroundings (it says why above); check that `bwrap --unshare-user --dev-bind / / true` works"
        case .serverGone: "the process that holds the security keys has ended, so the program was ended, too"
        }
    }
}

/// The C library's text of an error number.
func errorText(_ number: Int32) -> String { String(cString: strerror(number)) }
