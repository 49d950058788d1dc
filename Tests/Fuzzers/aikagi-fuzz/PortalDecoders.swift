import CSV
import SMTP

extension FuzzedDecoder {
    static let portalDecoders = [
        FuzzedDecoder("csv") { input in
            guard let table = attempt({ try CSVTable(decoding: input) }) else { return }
            require(Set(table.columns).count == table.columns.count, "no column comes twice")
            for row in table.rows { require(row.fields.count == table.columns.count, "every row has all columns") }
            // Written with every field in quotes, it is read as the same table.
            let lines = [table.columns] + table.rows.map(\.fields)
            let text = lines.map { line in
                line.map { "\"\($0.replacing("\"", with: "\"\""))\"" }.joined(separator: ",")
            }
            let again = certain { try CSVTable(decoding: Array(text.joined(separator: "\r\n").utf8)) }
            require(again.columns == table.columns, "the header is written and read")
            require(again.rows.map(\.fields) == table.rows.map(\.fields), "rows are written and read")
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
}
