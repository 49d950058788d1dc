import Foundation

/// A message of the Maildir, as far as the page that shows mails needs it.
struct ReceivedMail: Sendable, Equatable {
    /// The decoded subject.
    let subject: String
    /// To whom.
    let recipient: String
    /// When.
    let date: String
    /// The text, its lines ended by LF.
    let text: String

    /// Reads the messages that ``MailMessage`` writes; others as well as they go.
    init(_ bytes: [UInt8]) {
        let message = String(decoding: bytes, as: UTF8.self).replacing("\r\n", with: "\n")
        let head: Substring
        if let end = message.firstRange(of: "\n\n") {
            head = message[..<end.lowerBound]
            text = String(message[end.upperBound...])
        } else {
            head = message[...]
            text = ""
        }
        var headers: [String: String] = [:]
        for line in head.replacing("\n ", with: " ").split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = HalfWidth.trimmed(String(line[line.index(after: colon)...]))
        }
        subject = ReceivedMail.decoded(headers["subject"] ?? "")
        recipient = headers["to"] ?? ""
        date = headers["date"] ?? ""
    }

    /// The text in pieces: links, and what is between them.
    ///
    /// - Parameter origin: the portal's own; only its links are made clickable.
    func pieces(linking origin: String) -> [(piece: String, isLink: Bool)] {
        var pieces: [(piece: String, isLink: Bool)] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if index > 0 { pieces.append(("\n", false)) }
            pieces.append((String(line), line.hasPrefix(origin + "/")))
        }
        return pieces
    }

    /// RFC 2047 words of UTF-8 in base64, those that ``MailMessage`` writes.
    private static func decoded(_ text: String) -> String {
        text.split(separator: " ").map { word -> (text: String, isEncoded: Bool) in
            guard word.hasPrefix("=?utf-8?B?"), word.hasSuffix("?="),
                let data = Data(base64Encoded: String(word.dropFirst(10).dropLast(2)))
            else { return (String(word), false) }
            return (String(decoding: data, as: UTF8.self), true)
        }.reduce(into: (text: "", wasEncoded: true)) { result, word in
            let joins = result.text.isEmpty || (result.wasEncoded && word.isEncoded)
            result = (result.text + (joins ? "" : " ") + word.text, word.isEncoded)
        }.text
    }
}
