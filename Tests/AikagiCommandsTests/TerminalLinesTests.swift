import Foundation
import Testing

@testable import AikagiCommands

@Suite struct TerminalLinesTests {
    private func lines(_ text: String) async throws -> [String] {
        let pipe = Pipe()
        defer { withExtendedLifetime(pipe) {} }
        try pipe.fileHandleForWriting.write(contentsOf: Data(text.utf8))
        try pipe.fileHandleForWriting.close()
        var lines: [String] = []
        await TerminalLines(descriptor: pipe.fileHandleForReading.fileDescriptor).forEach { lines.append($0) }
        return lines
    }

    @Test(
        "Lines end with a line feed, or with the input",
        arguments: [
            ("", []), ("\n", [""]), ("a\nb\r\n\nc", ["a", "b", "", "c"]), ("f 理由\n", ["f 理由"]),
            ("\u{FF}\n", ["\u{FF}"]),
        ] as [(String, [String])])
    func split(text: String, expected: [String]) async throws {
        #expect(try await lines(text) == expected)
    }

    @Test("A line without end is cut")
    func long() async throws {
        let lines = try await lines(String(repeating: "x", count: 10_000) + "\ny\n")
        #expect(lines.map(\.utf8.count) == [4096, 1])
    }

    @Test("A cancelled walk does not wait for the person")
    func cancelled() async {
        let pipe = Pipe()
        let descriptor = pipe.fileHandleForReading.fileDescriptor
        let task = Task { await TerminalLines(descriptor: descriptor).forEach { _ in } }
        task.cancel()
        await task.value
        withExtendedLifetime(pipe) {}
    }
}
