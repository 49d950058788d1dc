import SMTP
import Testing

@Suite struct SMTPReplyTests {
    private static let ehlo = "250-mail.example\r\n250-STARTTLS\r\n250-8bitmime\r\n250 AUTH LOGIN plain\r\n"

    @Test("Replies are put together, however the bytes arrive", arguments: [1, 3, 1000])
    func replies(chunk: Int) throws {
        var reader = SMTPReplyReader()
        var replies: [SMTPReply] = []
        let bytes = Array("220 ready\r\n\(SMTPReplyTests.ehlo)354\n".utf8)
        for start in stride(from: 0, to: bytes.count, by: chunk) {
            reader.append(bytes[start..<min(start + chunk, bytes.count)])
            while let reply = try reader.next() { replies.append(reply) }
        }
        #expect(replies.map(\.code) == [220, 250, 354])
        #expect(replies.map(\.lines.count) == [1, 4, 1])
        #expect(replies.map(\.isPositive) == [true, true, false])
        #expect(reader.isEmpty)
        let extensions = SMTPExtensions(replies[1])
        #expect(extensions.offersTLS && extensions.takes8BitMIME)
        #expect(extensions.authenticationMechanisms == ["LOGIN", "PLAIN"])
        #expect(!SMTPExtensions(replies[0]).offersTLS)
    }

    @Test("What follows a reply is seen")
    func leftover() throws {
        var reader = SMTPReplyReader()
        reader.append("220 go ahead\r\n250 slipped in".utf8)
        #expect(try reader.next()?.code == 220)
        #expect(try reader.next() == nil)
        #expect(!reader.isEmpty)
    }

    @Test(
        "What is no reply is refused",
        arguments: [
            ("hello\r\n", SMTPReplyError.malformed), ("\r\n", .malformed), ("25\r\n", .malformed),
            ("250x\r\n", .malformed), ("150 x\r\n", .malformed), ("600 x\r\n", .malformed),
            ("250-a\r\n251 b\r\n", .malformed), (String(repeating: "2", count: 1024), .tooLong),
            ("250 \(String(repeating: "x", count: 2000))\r\n", .tooLong),
            (String(repeating: "250-x\r\n", count: 129), .tooLong),
        ])
    func rejected(text: String, error: SMTPReplyError) {
        var reader = SMTPReplyReader()
        reader.append(text.utf8)
        #expect(throws: error) { while try reader.next() != nil {} }
    }

    @Test(
        "A message ends with its own dot, and with no other",
        arguments: [
            ("", ".\r\n"), ("a", "a\r\n.\r\n"), ("a\r\n", "a\r\n.\r\n"), (".", "..\r\n.\r\n"),
            ("a\n.\nb", "a\r\n..\r\nb\r\n.\r\n"), ("a\r.\rb", "a\r\n..\r\nb\r\n.\r\n"),
            ("a\r\n.\r\nQUIT", "a\r\n..\r\nQUIT\r\n.\r\n"), ("a\n\n.b", "a\r\n\r\n..b\r\n.\r\n"),
        ])
    func data(message: String, encoded: String) {
        #expect(String(decoding: SMTPData.encode(Array(message.utf8)), as: UTF8.self) == encoded)
    }
}
