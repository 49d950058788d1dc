/// Why a program cannot be made to believe in a phone near by.
public enum SurroundingsError: Error, Hashable, Sendable {
    /// A program is not installed.
    case missingProgram(String, package: String)
    /// A file or folder cannot be written; with the reason.
    case notWritten(path: String, reason: String)
    /// The certificate store cannot be made; its folder has the reason.
    case noTrust(folder: String)
    /// The surroundings have ended, or could not start.
    case notRunning
}

extension SurroundingsError: CustomStringConvertible {
    /// One sentence with the mend.
    public var description: String {
        switch self {
        case .missingProgram(let program, let package):
            "this needs `\(program)`, which is not installed; run `sudo apt-get install \(package)`"
        case .notWritten(let path, let reason): "\(path) cannot be written: \(reason)"
        case .noTrust(let folder):
            "certutil cannot make a certificate store in \(folder); check that `certutil -H` works"
        case .notRunning: "the virtual adapter or the tunnel service has ended; start again"
        }
    }
}
