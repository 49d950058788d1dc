import Foundation
import Glibc
import Testing

@testable import ProgramRunner

@Suite(.timeLimit(.minutes(1))) struct HelperProgramTests {
    private func run(_ script: String, input: [UInt8] = []) async throws -> Int32 {
        try await HelperProgram(["/bin/sh", "-c", script]).run(input: input)
    }

    @Test("The exit status is the answer", arguments: [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137)])
    func status(script: String, expected: Int32) async throws {
        #expect(try await run(script) == expected)
    }

    @Test("It reads what it is given, to the end")
    func input() async throws {
        #expect(try await run("test \"$(cat)\" = 'hello, you'", input: Array("hello, you".utf8)) == 0)
        #expect(try await run("test -z \"$(cat)\"") == 0)
        let most = [UInt8](repeating: UInt8(ascii: "x"), count: 65536)
        #expect(try await run("test \"$(wc -c)\" -eq 65536", input: most) == 0)
    }

    @Test("It has our environment, and need not read")
    func environment() async throws {
        #expect(try await run("test -n \"$PATH\"", input: [1, 2, 3]) == 0)
    }

    @Test("It is ended when nobody waits for the answer any more")
    func cancellation() async throws {
        try await withFolder { folder in
            let fifo = folder + "/began"
            #expect(mkfifo(fifo, 0o600) == 0)
            let task = Task { try await run(": > \(fifo); exec sleep 1000") }
            // Returns once the program has begun.
            await withCheckedContinuation { continuation in
                Thread.detachNewThread {
                    close(open(fifo, O_RDONLY))
                    continuation.resume()
                }
            }
            task.cancel()
            let status = try await task.value
            #expect(status == 143)
        }
    }

    @Test("One that is cancelled before it runs is ended, too")
    func earlyCancellation() async throws {
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await run("exec sleep 1000")
        }
        #expect(try await task.value == 143)
    }

    @Test("What does not exist is an error that names it")
    func missing() async {
        await #expect(throws: LaunchError.notStarted(program: "/nonexistent", errorNumber: ENOENT)) {
            try await HelperProgram(["/nonexistent"]).run(input: [])
        }
    }
}
