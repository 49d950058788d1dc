import Foundation
import Glibc
import SoftwareAuthenticator
import Testing

@testable import AikagiCommands

@Suite struct InputFileTests {
    @Test("A pipe is read to its end, however slowly it fills")
    func pipe() async throws {
        let pipe = Pipe()
        let path = "/proc/self/fd/\(pipe.fileHandleForReading.fileDescriptor)"
        let text = String(repeating: "0123456789", count: 20_000)
        async let written: Void = Task.detached {
            try pipe.fileHandleForWriting.write(contentsOf: Data(text.utf8))
            try pipe.fileHandleForWriting.close()
        }.value
        #expect(try await InputFile.text(path) == text)
        try await written
    }

    @Test("A file that is missing, a folder, too long or not text is refused with a sentence")
    func refusals() async throws {
        try await withScratchDirectory { folder in
            let cases: [(path: String, limit: Int, reason: String)] = [
                (folder + "/none", 10, "No such file or directory"), (folder, 10, "Is a directory"),
                (folder + "/long", 10, "is longer than 10 bytes"), (folder + "/binary", 10, "is not text in UTF-8"),
            ]
            try Data(repeating: 0x41, count: 11).write(to: URL(filePath: folder + "/long"))
            try Data([0xFF]).write(to: URL(filePath: folder + "/binary"))
            for (path, limit, reason) in cases {
                let error = await #expect(throws: CommandFailure.self) {
                    try await InputFile.text(path, limit: limit)
                }
                #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
            }
        }
    }

    @Test("Waiting for a pipe that stays open ends with its task")
    func cancellation() async throws {
        let pipe = Pipe()
        let path = "/proc/self/fd/\(pipe.fileHandleForReading.fileDescriptor)"
        let task = Task { try await InputFile.text(path) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        try pipe.fileHandleForWriting.close()
    }
}

@Suite struct PrintableTests {
    static let texts: [(String, String)] = [
        ("plain 日本語 é", "plain 日本語 é"), ("a\tb\nc", "a\tb\nc"), ("\u{1B}[31mred", "\u{FFFD}[31mred"),
        ("safe\u{202E}txt.exe", "safe\u{FFFD}txt.exe"), ("\r\u{07}\u{9B}1m", "\u{FFFD}\u{FFFD}\u{FFFD}1m"),
        // A part of a Character.
        ("a\r\nb", "a\u{FFFD}\nb"), ("e\u{200D}\u{301}", "e\u{FFFD}\u{301}"),
    ]

    @Test("JSON keeps its meaning, and cannot command a terminal")
    func json() throws {
        let text = "\u{1B}[31m\u{9B}1m \u{202E}👨\u{200D}👩 \u{E0061}\r\n\"\\"
        let lines = Lines()
        lines.console.json([text])
        let line = lines.text(.output)
        let unprintable = line.unicodeScalars.filter { [.control, .format].contains($0.properties.generalCategory) }
        #expect(Array(unprintable) == ["\n"])
        let read = try JSONDecoder().decode([String].self, from: Data(line.utf8))
        #expect(read.map { Array($0.unicodeScalars) } == [Array(text.unicodeScalars)])
    }

    @Test("What a person is asked is one line, whatever the site calls itself")
    func question() {
        let request = UserRequest(.getAssertion(relyingPartyID: "a\r\nb\tc\u{1B}"), needsVerification: true)
        #expect(request.question == "log in to a\u{FFFD}\u{FFFD}b\u{FFFD}c\u{FFFD}")
    }

    @Test("Text from outside cannot command a terminal", arguments: texts)
    func printable(text: String, shown: String) {
        #expect(text.printable.unicodeScalars.elementsEqual(shown.unicodeScalars))
    }

    @Test("Everything a console prints is printable, but its own drawings are left alone")
    func console() {
        let lines = Lines()
        lines.console.result("\u{1B}a")
        lines.console.error("\u{1B}b")
        lines.console.draw("\u{1B}c")
        #expect(lines.text(.output) == "\u{FFFD}a\n")
        #expect(lines.text(.error) == "aikagi: \u{FFFD}b\n\u{1B}c")
    }
}
