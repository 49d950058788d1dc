import CLinuxProcess
import FoundationEssentials
import Glibc
import HIDTransport
import Synchronization

/// A folder for one session, which is gone afterwards even when this process is killed.
///
/// A small shell waits at a pipe whose other end this process holds: the end of that is the end of the folder. Should the
/// shell be killed, this process clears up itself.
public final class SweptFolder: Sendable {
    /// The folder's path; mode 0700.
    public let path: String
    private let isOurs = Atomic(false)
    private let made = Mutex<[String]>([])
    private let writer: Mutex<SocketDescriptor?>
    private let sweeper: ChildProcess

    /// Waits for the end of the pipe, with the folders that were made elsewhere one a line, then removes.
    ///
    /// Whoever uses one of those holds a lock on it, and it goes only if it is empty. A program that is just dying may still
    /// write into the session's folder, hence more than one attempt.
    private static let script = """
        trap '' HUP INT QUIT TERM
        made=$(cat)
        grep -qsF -- "$1/" "$2/tunnel.json" && rm -f -- "$2/tunnel.json"
        count=0
        while [ -e "$1" ] && [ $count -lt 50 ]; do
            rm -rf -- "$1" || sleep 0.1
            count=$((count + 1))
        done
        printf '%s\\n' "$made" | while IFS= read -r folder; do
            [ -z "$folder" ] || flock -n -x "$folder" rmdir -- "$folder"
        done
        [ ! -e "$1" ]
        """

    private init(parent: String, prefix: String) throws(LaunchError) {
        var template = Array("\(parent)/\(prefix)\(getpid())-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw .notWritten(path: parent, reason: errorText(errno)) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var ends: [CInt] = [-1, -1]
        guard aikagi_pipe(&ends) == 0 else {
            let number = errno
            rmdir(path)
            throw .noResource("a pipe", errorNumber: number)
        }
        writer = Mutex(SocketDescriptor(takingOver: ends[1]))
        var plan = ChildProcess.Plan(
            arguments: ["/bin/sh", "-c", SweptFolder.script, "aikagi-sweeper", path, parent],
            environment: ["PATH": "/usr/bin:/bin"], inheritedDescriptors: [],
            defaultSignals: ChildProcess.Plan.signalsOfAnyProgram)
        plan.inputDescriptor = ends[0]
        plan.outputPath = "/dev/null"
        plan.hasOwnSession = true
        plan.handedOver = [SocketDescriptor(takingOver: ends[0])]
        sweeper = ChildProcess(plan)
    }

    /// Makes a folder, and removes it when the body has ended.
    ///
    /// - Parameters:
    ///   - parent: An existing folder, the user's own.
    ///   - prefix: What the names of all such folders begin with.
    /// - Throws: ``LaunchError`` when the folder cannot be made, and what the body throws.
    public static func use<Value: Sendable>(
        in parent: String, prefix: String, _ body: @escaping @Sendable (SweptFolder) async throws -> Value
    ) async throws -> Value {
        let folder = try SweptFolder(parent: parent, prefix: prefix)
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            let (started, hasStarted) = AsyncStream.makeStream(of: Void.self)
            group.addTask {
                defer { hasStarted.finish() }
                // A sweeper that is killed or cannot start leaves the work to us, once the body has ended.
                do throws(LaunchError) {
                    let status = try await folder.sweeper.run { hasStarted.yield() }
                    if status != 0 { folder.isOurs.store(true, ordering: .releasing) }
                } catch {
                    folder.isOurs.store(true, ordering: .releasing)
                }
                return nil
            }
            for await _ in started { break }
            let result: Result<Value, any Error>
            do { result = .success(try await body(folder)) } catch { result = .failure(error) }
            folder.writer.withLock { $0 = nil }
            try await group.waitForAll()
            if folder.isOurs.load(ordering: .acquiring) { folder.remove() }
            return try result.get()
        }
    }

    /// Notes folders that were made elsewhere and are to go as well, if they are empty by then.
    ///
    /// - Parameter folders: The innermost first.
    public func alsoRemove(_ folders: [String]) {
        made.withLock { $0 += folders }
        let bytes = Array(folders.map { $0 + "\n" }.joined().utf8)
        // Few bytes into an empty pipe are written at once; without a reader they would be lost, and the folders stay.
        writer.withLock { if let writer = $0, !bytes.isEmpty { _ = write(writer.number, bytes, bytes.count) } }
    }

    /// What the sweeper would have done.
    private func remove() {
        for folder in made.withLock(\.self) {
            let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { rmdir(folder) }
            close(descriptor)
        }
        try? FileManager.default.removeItem(atPath: path)  // cleanup: nothing to be done about a failure
    }
}
