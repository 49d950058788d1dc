import ArgumentParser
import Foundation
import Portal
import Testing

@testable import AikagiCommands

/// A portal's clock, moved by a file.
@Suite struct PortalClockTests {
    @Test(
        "What a portal's clock is ahead by is read from a file, again and again",
        arguments: [("90000\n", 90000), (" 15 ", 15), ("0", 0), ("315360000", 315_360_000)])
    func offset(text: String, seconds: Int) throws {
        try withClockFile(text) { path in
            let file = try ClockOffsetFile(path: path)
            #expect(file.seconds == seconds)
            try Data("7".utf8).write(to: URL(filePath: path))
            #expect(file.seconds == 7)
            // While it is written, and whatever else is wrong with it.
            for text in ["", "soon", "-60", "1h", "90 000"] {
                try Data(text.utf8).write(to: URL(filePath: path))
                #expect(file.seconds == 7)
            }
            try FileManager.default.removeItem(atPath: path)
            #expect(file.seconds == 7)
        }
    }

    @Test(
        "A file that cannot be a clock's is refused at the start, with what to write",
        arguments: ["", "soon", "-60", "1h", "90 000", "1.5", "315360001", "99999999999999999999"])
    func badOffset(text: String) throws {
        try withClockFile(text) { path in
            let error = try #require(throws: CommandFailure.self) { try ClockOffsetFile(path: path) }
            #expect("\(error)".contains("echo 90000 > '\(path)'"))
        }
        let error = try #require(throws: CommandFailure.self) { try ClockOffsetFile(path: "/nowhere/clock") }
        #expect("\(error)".contains("echo 0 > '/nowhere/clock'"))
    }

    @Test("A clock that is moved is told of on standard error")
    func movedClock() throws {
        try withClockFile("60") { path in
            let lines = Lines()
            var configuration = PortalConfiguration(databasePath: "", mailDirectory: "")
            let options = try PortalClockOptions.parse(["--clock-offset-file", path])
            try options.apply(to: &configuration, lines.console)
            #expect(lines.text(.error).contains("not the real one"))
            let ahead = configuration.clock().timeIntervalSinceNow
            #expect(ahead > 0 && ahead <= 60)
        }
    }

    private func withClockFile(_ text: String, _ body: (String) throws -> Void) throws {
        let path = NSTemporaryDirectory() + "clock-\(UUID().uuidString)"
        try Data(text.utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }  // cleanup
        try body(path)
    }
}
