import Glibc
import Testing

@testable import ProgramRunner

@Suite struct ChildProcessTests {
    static func plan(_ script: String) -> ChildProcess.Plan {
        ChildProcess.Plan(
            arguments: ["/bin/sh", "-c", script], environment: ["A": "b"], inheritedDescriptors: [], defaultSignals: [])
    }

    @Test(
        "The status is the exit status, or 128 and the signal's number",
        arguments: [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -15 $$", 143), ("test \"$A\" = b", 0)])
    func status(script: String, expected: Int32) async throws {
        #expect(try await ChildProcess(Self.plan(script)).run() == expected)
    }

    @Test("A signal reaches it while it runs, and nobody afterwards")
    func signal() async throws {
        let child = ChildProcess(Self.plan("exec sleep 100"))
        let status = try await child.run { child.signal(SIGKILL) }
        #expect(status == 137)
        child.signal(SIGKILL)
    }

    @Test("What does not exist is an error that names it")
    func missing() async {
        var plan = Self.plan("")
        plan.arguments = ["/nonexistent/program"]
        let child = ChildProcess(plan)
        await #expect(throws: LaunchError.notStarted(program: "/nonexistent/program", errorNumber: ENOENT)) {
            try await child.run()
        }
    }
}
