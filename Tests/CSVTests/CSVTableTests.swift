import CSV
import Testing

@Suite struct CSVTableTests {
    @Test(
        "Tables are read",
        arguments: [
            ("a,b\n1,2\n", [[2: ["1", "2"]]]), ("a,b\r\n1,2", [[2: ["1", "2"]]]), ("a\n", []), ("a", []),
            ("\u{FEFF}a,b\n\n1,2\n\r\n3,\n", [[3: ["1", "2"]], [5: ["3", ""]]]),
            ("a,b\n\"1,\"\"x\"\"\n\",\"\"\n5,6", [[2: ["1,\"x\"\n", ""]], [4: ["5", "6"]]]),
            ("a\n\"\"\n", [[2: [""]]]), ("名前\n山田 花子\n", [[2: ["山田 花子"]]]),
        ])
    func accepted(text: String, rows: [[Int: [String]]]) throws {
        let table = try CSVTable(decoding: Array(text.utf8))
        #expect(table.rows.map { [$0.line: $0.fields] } == rows)
    }

    @Test(
        "What may join a quote or a comma to one Character with it does not hide it",
        arguments: ["\u{301}", "\u{365}", "\u{FE0F}", "\u{200D}", "\u{1F3FB}"])
    func marks(mark: String) throws {
        let table = try CSVTable(decoding: Array("a,\(mark)\n\"\"\"\(mark)\",\(mark)2\n\"1,\(mark)\",".utf8))
        let rows = [table.columns] + table.rows.map(\.fields)
        // By scalars: equal Strings may still differ.
        let expected = [["a", mark], ["\"\(mark)", "\(mark)2"], ["1,\(mark)", ""]]
        #expect(
            rows.map { $0.map { Array($0.unicodeScalars) } } == expected.map { $0.map { Array($0.unicodeScalars) } })
    }

    @Test("A field is found by its column's name")
    func fields() throws {
        let table = try CSVTable(decoding: Array("a,b\n1,2".utf8))
        #expect(table.columns == ["a", "b"])
        let row = try #require(table.rows.first)
        #expect(table.field("b", of: row) == "2")
        #expect(table.field("c", of: row) == nil)
    }

    @Test(
        "What could be meant in two ways is refused",
        arguments: [
            ("", CSVError.empty), ("\n\r\n", .empty), ("\u{FEFF}", .empty), ("a,a\n", .duplicateColumn("a")),
            ("\u{E9},e\u{301}\n", .duplicateColumn("\u{E9}")),
            ("a,b\n1\n", .fieldCount(line: 2, expected: 2, found: 1)),
            ("a,b\n1,2\n1,2,3\n", .fieldCount(line: 3, expected: 2, found: 3)),
            ("a\nx\"y\n", .strayQuote(line: 2)), ("a\n\"x\"y\n", .strayQuote(line: 2)),
            ("a\n\"x\n\n", .unterminatedQuote(line: 2)), ("a\n\"\n\"\"", .unterminatedQuote(line: 2)),
            ("a\rb\n", .controlCharacter(line: 1)), ("a\n\u{0}\n", .controlCharacter(line: 2)),
            ("a\n\t\n", .controlCharacter(line: 2)), ("a\n\r", .controlCharacter(line: 2)),
            (String(repeating: ",", count: 64), .tooManyFields(line: 1)),
        ])
    func rejected(text: String, error: CSVError) {
        #expect(throws: error) { try CSVTable(decoding: Array(text.utf8)) }
        #expect(!"\(error)".isEmpty)
    }

    @Test("Rows that do not fit are set aside, each with its line")
    func misfits() throws {
        var misfits: [CSVTable.Misfit] = []
        let table = try CSVTable(decoding: Array("a,b\n1\n1,2\n\"x\ny\",2,3\n3,4".utf8), misfits: &misfits)
        #expect(misfits.map { [$0.line, $0.fieldCount] } == [[2, 1], [4, 3]])
        #expect(table.rows.map(\.fields) == [["1", "2"], ["3", "4"]])
    }

    @Test("Other encodings and huge files are refused")
    func bytes() {
        // 名前 in Shift_JIS, as spreadsheets write it.
        #expect(throws: CSVError.notUTF8) { try CSVTable(decoding: [0x96, 0xBC, 0x91, 0x4F]) }
        let huge = [UInt8](repeating: 0x61, count: CSVTable.maximumByteCount + 1)
        #expect(throws: CSVError.tooLarge) { try CSVTable(decoding: huge) }
    }
}
