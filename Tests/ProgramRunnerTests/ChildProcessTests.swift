import Foundation
import Glibc
import HIDTransport
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

    @Test("Both outputs may go to a file of this user's, which is made anew")
    func outputFile() async throws {
        try await withFolder { folder in
            var plan = Self.plan("echo out; echo error >&2")
            plan.outputPath = folder + "/log"
            for _ in 0..<2 { #expect(try await ChildProcess(plan).run() == 0) }
            #expect(try String(contentsOfFile: folder + "/log", encoding: .utf8) == "out\nerror\n")
            let attributes = try FileManager.default.attributesOfItem(atPath: folder + "/log")
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        }
    }

    @Test("It may lead a session of its own", arguments: [true, false])
    func ownSession(isOwn: Bool) async throws {
        // The sixth field of stat is the session's number, which is that of its leader.
        var plan = Self.plan("read -r _ _ _ _ _ session _ </proc/$$/stat; test $session = $$")
        plan.hasOwnSession = isOwn
        #expect((try await ChildProcess(plan).run() == 0) == isOwn)
    }

    @Test("What is handed over is closed here once it runs, so that its end is seen; preparing comes first")
    func handedOver() async throws {
        let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        var ends: [CInt] = [-1, -1]
        #expect(socketpair(AF_UNIX, kind, 0, &ends) == 0)
        let reader = ends[0]
        defer { close(reader) }
        var plan = Self.plan("test \"$(cat)\" = hello")
        let (prepared, preparation) = AsyncStream.makeStream(of: Void.self)
        plan.prepare = { preparation.yield() }
        plan.environment = ["PATH": "/usr/bin:/bin"]
        plan.inheritedDescriptors = [ends[1]]
        var input: [CInt] = [-1, -1]
        #expect(socketpair(AF_UNIX, kind, 0, &input) == 0)
        #expect(write(input[1], "hello", 5) == 5)
        plan.inputDescriptor = input[0]
        plan.handedOver = [ends[1], input[0], input[1]].map { SocketDescriptor(takingOver: $0) }
        let child = ChildProcess(plan)
        plan.handedOver = []
        #expect(try await child.run { preparation.finish() } == 0)
        var buffer = [UInt8](repeating: 0, count: 16)
        #expect(read(reader, &buffer, 16) == 0)
        var count = 0
        for await _ in prepared { count += 1 }
        #expect(count == 1)
    }
}
