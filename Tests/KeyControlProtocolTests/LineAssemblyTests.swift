import KeyControlProtocol
import Testing

@Suite struct LineAssemblyTests {
    /// The lines of a stream that comes in pieces, with a limit of five bytes.
    private func lines(_ pieces: [[UInt8]]) -> [String] {
        var assembly = LineAssembly(limit: 5)
        var lines: [LineAssembly.Line] = []
        for piece in pieces {
            assembly.append(piece)
            while let line = assembly.next() { lines.append(line) }
        }
        if let line = assembly.last() { lines.append(line) }
        #expect(assembly.next() == nil && assembly.last() == nil)
        return lines.map { line in
            switch line {
            case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
            case .tooLong: "too long"
            }
        }
    }

    private static let streams: [(String, [String])] = [
        ("", []), ("\n", [""]), ("\n\n", ["", ""]), ("a\n", ["a"]), ("a\nb\n", ["a", "b"]), ("a\nb", ["a", "b"]),
        ("a", ["a"]), ("\na", ["", "a"]), ("a\n\nb\n", ["a", "", "b"]), ("a\r\n", ["a\r"]), ("12345\n", ["12345"]),
        ("12345", ["12345"]), ("123456\n", ["too long"]), ("123456", ["too long"]), ("123456\n\n", ["too long", ""]),
        ("1234567890123\nb\n", ["too long", "b"]),
        ("a\n123456\n1234567\n12345\n", ["a", "too long", "too long", "12345"]),
        ("1234567890\nb", ["too long", "b"]), ("1234567890", ["too long"]),
    ]

    @Test("every line comes out once, wherever the stream is cut", arguments: streams)
    func cuts(stream: String, expected: [String]) {
        let bytes = Array(stream.utf8)
        #expect(lines([bytes]) == expected)
        #expect(lines(bytes.map { [$0] }) == expected)
        for first in 0...bytes.count {
            for second in first...bytes.count {
                let pieces = [bytes[..<first], bytes[first..<second], bytes[second...]].map(Array.init)
                #expect(lines(pieces) == expected, "cut at \(first) and \(second)")
            }
        }
    }

    @Test("what is too long is said before its end has come")
    func early() {
        var assembly = LineAssembly(limit: 5)
        assembly.append(Array("12345".utf8))
        #expect(assembly.next() == nil)
        assembly.append([0x36])
        #expect(assembly.next() == .tooLong)
        for _ in 0..<3 {
            assembly.append(Array("1234567890".utf8))
            #expect(assembly.next() == nil)
        }
        assembly.append(Array("\nok\n".utf8))
        #expect(assembly.next() == .bytes(Array("ok".utf8)))
    }
}
