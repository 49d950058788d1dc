import Glibc
import Synchronization

/// A D-Bus of one's own: a dbus-daemon with a socket in a given directory, which only the same user may use.
///
/// Nothing is left of it: the daemon ends with the task that runs it, and is killed by the kernel when this process
/// ends in any other way; socket and configuration are removed, except when this process is killed.
public final class PrivateBus: Sendable {
    /// The D-Bus address, for `DBUS_SYSTEM_BUS_ADDRESS` and the like; it works once the bus is ready.
    public let address: String

    private let directory: String
    private let executable: String?
    private let readiness = Readiness()
    private let process = Mutex(Process())

    private struct Process {
        var isCancelled = false
        /// The daemon, as long as it is not reaped: the number is its own until then.
        var id: pid_t?
    }

    /// A bus that exists once it runs.
    ///
    /// - Parameters:
    ///   - directory: an existing directory of mode 0700, for the socket `bus` and the configuration `bus.conf`.
    ///   - executable: the dbus-daemon; nil looks for it in `PATH`.
    public init(directory: String, executable: String? = nil) {
        self.directory = directory
        self.executable = executable
        address = "unix:path=" + PrivateBusConfiguration.escaped("\(directory)/\(PrivateBusConfiguration.socketName)")
    }

    /// Waits until clients can connect.
    ///
    /// - Throws: ``PrivateBusError/notRunning`` when it has ended or could not start, or `CancellationError`.
    public func ready() async throws {
        guard try await readiness.wait() else { throw PrivateBusError.notRunning }
    }

    /// Runs the bus until the task is cancelled, then returns.
    ///
    /// - Throws: ``PrivateBusError`` when it cannot start or ends by itself.
    public func run() async throws {
        defer { readiness.end() }
        let files = try PrivateBusConfiguration(directory: directory, address: address, userID: geteuid())
        guard let program = executable ?? ChildProcess.find("dbus-daemon") else { throw PrivateBusError.noDaemon }
        try files.write()
        defer { files.remove() }
        let arguments = [
            program, "--config-file=\(files.configurationPath)", "--nofork", "--nopidfile", "--print-address=1",
        ]
        try await withTaskCancellationHandler {
            try await OwnedThread.run { try self.runDaemon(arguments, socketPath: files.socketPath) }
        } onCancel: {
            // The daemon has nothing to save, and its files are removed here.
            process.withLock { process in
                process.isCancelled = true
                if let id = process.id { kill(id, SIGKILL) }
            }
        }
    }

    /// Runs the daemon to its end; on the thread with which it is to die.
    private func runDaemon(_ arguments: [String], socketPath: String) throws(PrivateBusError) {
        guard let (output, input) = ChildProcess.pipe() else { throw .cannotStart(reason: SystemError.text(errno)) }
        defer { close(output) }
        let (id, status) = process.withLock { process -> (pid_t?, CInt) in
            guard !process.isCancelled else { return (nil, 0) }
            // Words in English, and no variable that could change what the daemon does.
            let id = ChildProcess.spawn(arguments, environment: ["LC_ALL=C"], output: input)
            let status = errno
            process.id = id > 0 ? id : nil
            return (id, status)
        }
        close(input)
        // Cancelled before it began.
        guard let id else { return }
        guard id > 0 else { throw .cannotStart(reason: SystemError.text(status)) }
        let words = readWords(from: output, socketPath: socketPath)
        let wasCancelled = reap(id)
        guard !wasCancelled else { return }
        throw .ended(reason: words)
    }

    /// Reads what the daemon says until it ends: its address when it listens, and perhaps complaints.
    ///
    /// - Returns: the end of what it has said.
    private func readWords(from file: CInt, socketPath: String) -> String {
        var words: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1024)
        var listens = false
        while true {
            let count = read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            words += buffer.prefix(count)
            if !listens, words.contains(UInt8(ascii: "\n")), words.starts(with: Array("unix:path=".utf8)) {
                // The daemon makes its socket for everybody (0777).
                guard chmod(socketPath, 0o600) == 0 else {
                    let reason = "its socket is open to everybody: \(SystemError.text(errno))"
                    process.withLock { if let id = $0.id { _ = kill(id, SIGKILL) } }
                    return reason
                }
                listens = true
                readiness.begin()
                words = []
            }
            words = words.suffix(2048)
        }
        let text = String(decoding: words, as: UTF8.self).split(separator: "\n").joined(separator: "; ")
        return text.isEmpty ? "it gave no reason" : text
    }

    /// Waits for the end of the daemon.
    ///
    /// - Returns: whether that was our doing.
    private func reap(_ id: pid_t) -> Bool {
        ChildProcess.waitUntilEnded(id)
        return process.withLock { process in
            waitpid(id, nil, 0)
            process.id = nil
            return process.isCancelled
        }
    }
}
