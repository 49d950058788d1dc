import ArgumentParser
import Foundation
import ProgramRunner
import Testing

@testable import AikagiCommands

@Suite struct DeviceSessionTests {
    private static func session(in directory: String) throws -> DeviceSession {
        try DeviceSession(
            try DeviceOptions.parse(["--key", "platform", "--run-directory", directory]),
            log: try EventLog(.failuresOnly))
    }

    @Test("A run directory whose path leaves no room for sockets is refused, a shorter one is not")
    func longDirectory() async throws {
        #expect("/session-4194304-XXXXXX/seat-99-key-99.sock".utf8.count + DeviceSession.longestDirectory <= 107)
        try await withScratchDirectory { scratch in
            let rest = DeviceSession.longestDirectory - scratch.utf8.count - 1
            try #require(rest > 0)
            _ = try Self.session(in: scratch + "/" + String(repeating: "x", count: rest))
            let long = scratch + "/" + String(repeating: "x", count: rest + 1)
            let error = #expect(throws: CommandFailure.self) { try Self.session(in: long) }
            #expect(error?.description.contains(long) == true)
        }
    }

    static let failures: [(any Error, String?)] = [
        (HostProblem.noFuse, "--phone"), (HostProblem.fuseNotAccessible(errorNumber: 13), "--phone"),
        (HostProblem.noHidraw, "--phone"), (HostProblem.namespacesForbidden(.appArmor), "phone scan"),
        (HostProblem.missingProgram("bwrap", package: "bubblewrap"), "phone scan"),
        (SurroundingsError.missingProgram("Xvfb", package: "xvfb"), "--phone manual"),
        (SurroundingsError.missingProgram("certutil", package: "libnss3-tools"), "--key"),
        (SurroundingsError.notRunning, nil), (CommandFailure("no"), nil),
    ]

    @Test("On a host that lacks something, a hint says what works still", arguments: failures.indices)
    func hint(index: Int) {
        let (error, words) = Self.failures[index]
        let hint = whatStillWorks(without: error)
        #expect((hint == nil) == (words == nil))
        if let words { #expect(hint?.contains(words) == true) }
    }
}
