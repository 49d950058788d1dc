import Glibc
import Synchronization
import Testing

@testable import VirtualBlueZ

/// A program that is running, with pipes to and from it; it dies with the tests.
final class RunningProgram: Sendable {
    private let keyboard: CInt
    private let hasEndedInput = Mutex(false)
    private let process = Mutex<pid_t?>(nil)
    private let chunks: AsyncStream<String>
    private let ended: AsyncStream<CInt>

    /// Runs a program that is in `PATH` while the body is, and kills it then if it has not ended.
    static func run<Result>(
        _ arguments: [String], environment: [String: String], body: (RunningProgram) async throws -> Result
    ) async throws -> Result {
        // A program may have ended when a test types something.
        signal(SIGPIPE, SIG_IGN)
        let path = try #require(ChildProcess.find(arguments.first ?? ""), "\(arguments)")
        let variables = environment.map { "\($0.key)=\($0.value)" }
        let (input, keyboard) = try #require(ChildProcess.pipe())
        let (output, screen) = try #require(ChildProcess.pipe())
        let (chunks, chunk) = AsyncStream<String>.makeStream()
        let (ended, end) = AsyncStream<CInt>.makeStream()
        let program = RunningProgram(keyboard: keyboard, chunks: chunks, ended: ended)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await OwnedThread.run {
                    let id = ChildProcess.spawn(
                        [path] + arguments.dropFirst(), environment: variables, input: input, output: screen)
                    close(input)
                    close(screen)
                    program.process.withLock { $0 = id }
                    var buffer = [UInt8](repeating: 0, count: 4096)
                    while true {
                        let count = Glibc.read(output, &buffer, buffer.count)
                        guard count > 0 else { break }
                        chunk.yield(String(decoding: buffer.prefix(count), as: UTF8.self))
                    }
                    chunk.finish()
                    close(output)
                    ChildProcess.waitUntilEnded(id)
                    var status: CInt = 0
                    program.process.withLock { process in
                        waitpid(id, &status, 0)
                        process = nil
                    }
                    end.yield(status & 0x7F == 0 ? status >> 8 & 0xFF : -1)
                    end.finish()
                }
            }
            defer { program.kill9() }
            return try await withTaskCancellationHandler {
                try await body(program)
            } onCancel: {
                program.kill9()
            }
        }
    }

    private init(keyboard: CInt, chunks: AsyncStream<String>, ended: AsyncStream<CInt>) {
        (self.keyboard, self.chunks, self.ended) = (keyboard, chunks, ended)
    }

    deinit { endInput() }

    /// Types a line.
    func type(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        // What nobody reads any more is not missed: what follows will be.
        _ = write(keyboard, bytes, bytes.count)
    }

    /// Has nothing more to say.
    func endInput() {
        hasEndedInput.withLock { hasEnded in
            if !hasEnded { close(keyboard) }
            hasEnded = true
        }
    }

    /// Ends it as nobody can prevent.
    func kill9() { process.withLock { if let id = $0 { _ = kill(id, SIGKILL) } } }

    /// Everything it says until it ends.
    func rest() async -> String {
        var text = ""
        for await chunk in chunks { text += chunk }
        return text
    }

    /// What it says until a pattern has come, which has to come.
    func read<Output>(until pattern: Regex<Output>) async throws -> String {
        var heard = ""
        for await chunk in chunks {
            heard += chunk
            if heard.contains(pattern) { return heard }
        }
        Issue.record("it ended without the pattern after: \(heard)")
        throw CancellationError()
    }

    /// Waits for its end.
    func exitStatus() async throws -> CInt {
        for await status in ended { return status }
        throw CancellationError()
    }
}
