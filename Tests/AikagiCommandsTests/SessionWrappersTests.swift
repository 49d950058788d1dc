import Foundation
import Glibc
import ProgramRunner
import Testing

@testable import AikagiCommands

@Suite struct SessionWrappersTests {
    @Test("A wrapper is a shell script of this user's that joins the session, wherever the session is")
    func script() async throws {
        try await withScratchDirectory { scratch in
            let folder = scratch + "/it's a \"session\" $(here) '\u{301}$(echo gone)'\u{FE0F}"
            try createPrivateDirectory(folder)
            try SessionWrappers(folder: folder, plan: ProgramPlan(command: [])).announce(asJSON: true)
            let path = folder + "/bin/run"
            #expect(permissions(of: path) == 0o700)
            let script = try String(contentsOfFile: path, encoding: .utf8)
            // What the shell makes of it, with another program in the place of ours.
            let words = try #require(script.split(separator: "\n").last).dropFirst("exec ".count)
            let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            #expect(words.hasPrefix("'\(own)' with --join '"))
            let test = scratch + "/test"
            try Data(
                "#!/bin/sh\nprintf '%s\\n' \(words.dropFirst(own.utf8.count + 2)) > \"$OUTPUT\"\n".utf8
            ).write(to: URL(filePath: test))
            let exit = try await HelperProgram([
                "/usr/bin/env", "OUTPUT=\(scratch)/output", "/bin/sh", test, "a b", "--c", "",
            ]).run(input: [])
            #expect(exit == 0)
            let output = try Data(contentsOf: URL(filePath: scratch + "/output"))
            #expect(output == Data("with\n--join\n\(folder)\n--\na b\n--c\n\n".utf8))
        }
    }

    @Test("Each browser that is installed has one")
    func browsers() async throws {
        try await withScratchDirectory { folder in
            try SessionWrappers(folder: folder, plan: ProgramPlan(command: [])).announce(asJSON: false)
            let names = try FileManager.default.contentsOfDirectory(atPath: folder + "/bin")
            let installed = Browser.known.map(\.name).filter { HostCheck.find($0) != nil }
            #expect(Set(names) == Set(["run"] + installed))
            for name in installed {
                let script = try String(contentsOfFile: "\(folder)/bin/\(name)", encoding: .utf8)
                #expect(script.hasSuffix(" -- '\(HostCheck.find(name) ?? "")' \"$@\"\n"))
            }
        }
    }
}
