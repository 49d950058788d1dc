import CSystemd
import Glibc

/// Starts programs that die with the thread that started them.
enum ChildProcess {
    /// Starts a program; the kernel kills it when the calling thread ends, so that should be an ``OwnedThread`` that
    /// waits for it.
    ///
    /// - Parameters:
    ///   - arguments: the program's path, and its arguments.
    ///   - environment: as `NAME=value`.
    ///   - input: its standard input; -1 for nothing.
    ///   - output: its standard output and error.
    /// - Returns: its identifier, or a number that is not positive, with `errno`. A program that cannot be executed
    ///   ends with status 127.
    static func spawn(_ arguments: [String], environment: [String], input: CInt = -1, output: CInt) -> pid_t {
        let argumentStrings = arguments.map { strdup($0) }
        let environmentStrings = environment.map { strdup($0) }
        defer { for string in argumentStrings + environmentStrings { free(string) } }
        return (argumentStrings + [nil]).withUnsafeBufferPointer { arguments in
            (environmentStrings + [nil]).withUnsafeBufferPointer { environment in
                guard let path = arguments.first, let path, let arguments = arguments.baseAddress,
                    let environment = environment.baseAddress
                else { return -1 }
                return CSystemd_spawn(path, arguments, environment, input, output)
            }
        }
    }

    /// Waits for the end of a child without reaping it, so that its number stays its own until that is done.
    static func waitUntilEnded(_ id: pid_t) {
        var information = siginfo_t()
        while waitid(P_PID, id_t(bitPattern: id), &information, WEXITED | WNOWAIT) < 0, errno == EINTR {}
    }

    /// A pipe that no child inherits; nil with `errno` when there are too many files open.
    static func pipe() -> (output: CInt, input: CInt)? {
        var ends: [CInt] = [-1, -1]
        guard CSystemd_pipe(&ends) == 0 else { return nil }
        return (ends[0], ends[1])
    }

    /// The path of a program in `PATH`.
    static func find(_ name: String) -> String? {
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
        return path.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }
}
