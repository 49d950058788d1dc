import CSV
import SMTP

extension FuzzedDecoder {
    static let portalDecoders = [
        FuzzedDecoder("csv") { input in
            guard let table = attempt({ try CSVTable(decoding: input) }) else { return }
            require(Set(table.columns).count == table.columns.count, "no column comes twice")
            for row in table.rows { require(row.fields.count == table.columns.count, "every row has all columns") }
            // Written with every field in quotes, it is read as the same table. By bytes: a quote and the mark behind it are one
            // Character, and two texts that differ in their bytes may be equal as Strings.
            let lines = [table.columns] + table.rows.map(\.fields)
            let again = certain { try CSVTable(decoding: Array(lines.map(quoted).joined(separator: "\r\n".utf8))) }
            let same = [again.columns] + again.rows.map(\.fields)
            require(
                same.map { $0.map { Array($0.utf8) } } == lines.map { $0.map { Array($0.utf8) } },
                "it is written and read")
        },
        FuzzedDecoder("smtp-reply") { input in
            var whole = SMTPReplyReader()
            whole.append(input)
            var replies: [SMTPReply] = []
            let isRead =
                attempt { () throws -> Bool in
                    while let reply = try whole.next() { replies.append(reply) }
                    return true
                } ?? false
            for reply in replies {
                require((200..<600).contains(reply.code), "a code has three digits")
                require(!reply.lines.isEmpty, "a reply has a line")
                _ = SMTPExtensions(reply)
            }
            // Byte by byte, the same replies come.
            var slow = SMTPReplyReader()
            var same: [SMTPReply] = []
            _ = attempt { () throws -> Void in
                for byte in input {
                    slow.append([byte])
                    while let reply = try slow.next() { same.append(reply) }
                }
            }
            require(!isRead || same == replies, "how bytes arrive does not matter")
        },
        FuzzedDecoder("smtp-data") { input in
            let data = SMTPData.encode(input)
            let end: [UInt8] = [0x0D, 0x0A, 0x2E, 0x0D, 0x0A]
            require((end.prefix(2) + data).suffix(5) == end, "it ends with its dot")
            let found = data.indices.filter { ([0x0D, 0x0A] + data).dropFirst($0).starts(with: end) }
            require(found.count == 1, "and with no other")
        },
    ]

    /// A row with every field in quotes, and the quotes in fields doubled.
    private static func quoted(_ fields: [String]) -> [UInt8] {
        let quote = UInt8(ascii: "\"")
        let quoted = fields.map { field in
            [quote] + field.utf8.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote]
        }
        return Array(quoted.joined(separator: ",".utf8))
    }
}
