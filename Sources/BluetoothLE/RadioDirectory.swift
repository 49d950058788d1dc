import FoundationEssentials
import Glibc

/// The directory in which the scans of ``SocketRadio`` have their sockets.
enum RadioDirectory {
    private static let prefix = "scanner-"
    private static let suffix = ".sock"

    /// The file name of a scan's socket.
    static func scannerName(process: pid_t, random: UInt64) -> String {
        prefix + "\(process)-" + String(random, radix: 16) + suffix
    }

    /// Makes the directory if it is missing, and checks that it is the user's own and that nobody else can put sockets into it.
    static func prepare(_ path: String) throws(SocketRadioError) {
        // One level is enough, and a missing parent is more likely a mistake than a wish.
        if mkdir(path, 0o700) != 0, errno != EEXIST { throw .directory(path: path, reason: systemError()) }
        var status = stat()
        guard lstat(path, &status) == 0 else { throw .directory(path: path, reason: systemError()) }
        // lstat: a symbolic link in a shared place could be somebody else's.
        guard status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(), status.st_mode & 0o022 == 0 else {
            throw .directoryNotPrivate(path: path)
        }
        guard access(path, W_OK | X_OK) == 0 else { throw .directory(path: path, reason: systemError()) }
    }

    /// The sockets in the directory, in alphabetical order and not more than so many.
    static func scannerPaths(in directory: String, maximum: Int) throws(SocketRadioError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: directory)
                .filter { $0.hasPrefix(prefix) && $0.hasSuffix(suffix) }
                .sorted()
                .prefix(maximum)
                .map { directory + "/" + $0 }
        } catch {
            throw .directory(path: directory, reason: "it cannot be read")
        }
    }
}

/// What the C library says about its last error.
func systemError(_ code: CInt = errno) -> String { String(cString: strerror(code)) }
