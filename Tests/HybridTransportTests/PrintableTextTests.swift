import Testing

@testable import HybridTransport

@Suite struct PrintableTextTests {
    @Test(
        "text of another machine keeps its printable characters only",
        arguments: [
            ("", ""), ("remote peer vanished", "remote peer vanished"), ("Größe 日本 👍", "Größe 日本 👍"),
            ("a\u{1B}[31mb\r\nc\td\0", "a[31mbcd"), ("a\u{7F}\u{9B}b", "ab"),
            ("a\u{202E}b\u{200B}c\u{FEFF}d\u{2066}e\u{AD}f", "abcdef"), ("a\u{2028}b\u{2029}c", "abc"),
            ("a\u{E000}b\u{378}c", "abc"),
        ])
    func printable(text: String, expected: String) { #expect(PrintableText.of(text) == expected) }

    @Test("text is cut after 123 characters that can be printed", arguments: [122, 123, 124, 100_000])
    func length(count: Int) {
        let text = String(repeating: "\u{1B}a", count: count)
        #expect(PrintableText.of(text) == String(repeating: "a", count: min(count, 123)))
    }
}
