/// A server's answer to a command (RFC 5321 §4.2).
public struct SMTPReply: Hashable, Sendable {
    /// The three digits.
    public let code: Int
    /// The text of each line, without code and separator.
    public let lines: [String]

    /// Whether the command was carried out.
    public var isPositive: Bool { (200..<300).contains(code) }
}

/// Puts replies together from the bytes that arrive.
public struct SMTPReplyReader: Sendable {
    /// The most bytes of a line with its end; twice what RFC 5321 §4.5.3.1.5 allows.
    public static let maximumLineByteCount = 1024
    /// The most lines of a reply.
    public static let maximumLineCount = 128

    private var bytes: [UInt8] = []
    private var code: Int?
    private var lines: [String] = []

    /// A reader at the beginning of a reply.
    public init() {}

    /// Whether nothing of a further reply has arrived: after STARTTLS anything else was slipped in (RFC 3207 §6).
    public var isEmpty: Bool { bytes.isEmpty && code == nil }

    /// Takes what has arrived.
    public mutating func append(_ arrived: some Sequence<UInt8>) { bytes += arrived }

    /// The next whole reply; `nil` when more has to arrive.
    ///
    /// - Throws: ``SMTPReplyError``; the connection is of no more use then.
    public mutating func next() throws(SMTPReplyError) -> SMTPReply? {
        while let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
            guard end < SMTPReplyReader.maximumLineByteCount else { throw .tooLong }
            var line = Array(bytes[..<end])
            bytes.removeFirst(end + 1)
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            let digits = line.prefix(3).compactMap { (0x30...0x39).contains($0) ? Int($0) - 0x30 : nil }
            guard digits.count == 3, let first = digits.first, (2...5).contains(first) else { throw .malformed }
            let number = digits.reduce(0) { $0 * 10 + $1 }
            let separator = line.dropFirst(3).first ?? UInt8(ascii: " ")
            guard separator == UInt8(ascii: " ") || separator == UInt8(ascii: "-"), code ?? number == number else {
                throw .malformed
            }
            guard lines.count < SMTPReplyReader.maximumLineCount else { throw .tooLong }
            code = number
            lines.append(String(decoding: line.dropFirst(4), as: UTF8.self))
            if separator == UInt8(ascii: " ") {
                let reply = SMTPReply(code: number, lines: lines)
                code = nil
                lines = []
                return reply
            }
        }
        guard bytes.count < SMTPReplyReader.maximumLineByteCount else { throw .tooLong }
        return nil
    }
}

/// Why bytes are no reply.
public enum SMTPReplyError: Error, Hashable, Sendable {
    /// A line does not begin with a code and a separator, or the code changes within a reply.
    case malformed
    /// A line, or the reply, does not end.
    case tooLong
}

extension SMTPReplyError: CustomStringConvertible {
    /// A sentence for the log.
    public var description: String {
        switch self {
        case .malformed: "the mail server's answer is not one of SMTP"
        case .tooLong: "the mail server's answer does not end"
        }
    }
}

/// What a server can do (RFC 5321 §4.1.1.1): its answer to EHLO.
public struct SMTPExtensions: Hashable, Sendable {
    /// Whether the connection can be made secure (RFC 3207).
    public let offersTLS: Bool
    /// Whether bytes above 127 may be sent (RFC 6152).
    public let takes8BitMIME: Bool
    /// How one can log in (RFC 4954), in capital letters.
    public let authenticationMechanisms: Set<String>

    /// Reads the answer; its first line is the server's name.
    public init(_ reply: SMTPReply) {
        var keywords: [String: [Substring]] = [:]
        for line in reply.lines.dropFirst() {
            let words = line.uppercased().split(separator: " ")
            if let keyword = words.first { keywords[String(keyword)] = Array(words.dropFirst()) }
        }
        offersTLS = keywords["STARTTLS"] != nil
        takes8BitMIME = keywords["8BITMIME"] != nil
        authenticationMechanisms = Set((keywords["AUTH"] ?? []).map(String.init))
    }
}

/// A message as it follows DATA (RFC 5321 §4.5.2).
public enum SMTPData {
    /// Doubles a dot at the beginning of a line, makes every line end CR LF, and ends with a line of one dot.
    ///
    /// A single CR or LF becomes a whole line end, so that no server can take it for another end of the message than this
    /// one ("SMTP smuggling").
    public static func encode(_ message: [UInt8]) -> [UInt8] {
        var encoded: [UInt8] = []
        var isLineStart = true
        var previous: UInt8 = 0
        for byte in message {
            defer { previous = byte }
            if byte == UInt8(ascii: "\n"), previous == UInt8(ascii: "\r") { continue }
            if byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n") {
                encoded += [0x0D, 0x0A]
                isLineStart = true
                continue
            }
            if isLineStart, byte == UInt8(ascii: ".") { encoded.append(byte) }
            encoded.append(byte)
            isLineStart = false
        }
        if !isLineStart { encoded += [0x0D, 0x0A] }
        return encoded + [0x2E, 0x0D, 0x0A]
    }
}
