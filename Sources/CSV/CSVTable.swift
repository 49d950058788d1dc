/// A table of comma-separated values with a header (RFC 4180), read strictly: what could be meant in two ways is refused.
///
/// UTF-8, with or without a byte order mark; lines end with LF or CR LF, the last one may lack its end, and empty lines are
/// passed over. A field in double quotes may hold commas, line ends and doubled quotes.
public struct CSVTable: Hashable, Sendable {
    /// A row and where it begins.
    public struct Row: Hashable, Sendable {
        /// The number of the row's first line in the file, from 1.
        public let line: Int
        /// As many fields as the header has.
        public let fields: [String]
    }

    /// A row with more or fewer fields than the header.
    public struct Misfit: Hashable, Sendable {
        /// The number of the row's first line in the file, from 1.
        public let line: Int
        /// How many fields it has.
        public let fieldCount: Int
    }

    /// The most bytes that are read.
    public static let maximumByteCount = 8 << 20
    /// The most fields of a row.
    public static let maximumFieldCount = 64

    /// The names of the columns.
    public let columns: [String]
    /// The rows below the header.
    public let rows: [Row]

    /// Reads a table, all of whose rows have as many fields as the header.
    public init(decoding bytes: [UInt8]) throws(CSVError) {
        var misfits: [Misfit] = []
        try self.init(decoding: bytes, misfits: &misfits)
        if let first = misfits.first {
            throw .fieldCount(line: first.line, expected: columns.count, found: first.fieldCount)
        }
    }

    /// Reads a table, setting aside the rows that have more or fewer fields than the header.
    ///
    /// - Parameter misfits: Gets these rows, in order.
    public init(decoding bytes: [UInt8], misfits: inout [Misfit]) throws(CSVError) {
        guard bytes.count <= CSVTable.maximumByteCount else { throw .tooLarge }
        guard String(validating: bytes, as: UTF8.self) != nil else { throw .notUTF8 }
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        var scanner = Scanner(bytes: bytes.starts(with: mark) ? Array(bytes.dropFirst(3)) : bytes)
        guard let header = try scanner.nextRow() else { throw .empty }
        var seen: Set<String> = []
        for column in header.fields where !seen.insert(column).inserted { throw .duplicateColumn(column) }
        var rows: [Row] = []
        while let row = try scanner.nextRow() {
            if row.fields.count == header.fields.count {
                rows.append(row)
            } else {
                misfits.append(Misfit(line: row.line, fieldCount: row.fields.count))
            }
        }
        columns = header.fields
        self.rows = rows
    }

    /// The field of a row in a named column; `nil` when there is no such column.
    public func field(_ column: String, of row: Row) -> String? {
        guard let index = columns.firstIndex(of: column), row.fields.indices.contains(index) else { return nil }
        return row.fields[index]
    }
}

/// Why a file is not a table.
public enum CSVError: Error, Hashable, Sendable {
    /// The file has too many bytes.
    case tooLarge
    /// The bytes are not UTF-8.
    case notUTF8
    /// There is no header.
    case empty
    /// Two columns have the same name, or names that Unicode holds to be the same (`é` in one character or two).
    case duplicateColumn(String)
    /// A row has more or fewer fields than the header.
    case fieldCount(line: Int, expected: Int, found: Int)
    /// A row has more fields than ``CSVTable/maximumFieldCount``.
    case tooManyFields(line: Int)
    /// A quote stands where none may be: inside a field, or a character follows the closing one.
    case strayQuote(line: Int)
    /// A quoted field does not end.
    case unterminatedQuote(line: Int)
    /// A carriage return without a line feed, or another control character outside of quotes.
    case controlCharacter(line: Int)
}

extension CSVError: CustomStringConvertible {
    /// A sentence that says what to do.
    public var description: String {
        switch self {
        case .tooLarge: "the file has more than \(CSVTable.maximumByteCount) bytes; split it"
        case .notUTF8: "the file is not UTF-8; save it as “CSV UTF-8”"
        case .empty: "the file is empty; its first line names the columns"
        case .duplicateColumn(let name): "the column '\(name)' comes twice"
        case .fieldCount(let line, let expected, let found):
            "line \(line) has \(found) fields instead of \(expected); put fields with commas into double quotes"
        case .tooManyFields(let line): "line \(line) has more than \(CSVTable.maximumFieldCount) fields"
        case .strayQuote(let line):
            "line \(line) has a double quote in the middle; quote the whole field and double the quotes in it"
        case .unterminatedQuote(let line): "the double quote on line \(line) is never closed"
        case .controlCharacter(let line): "line \(line) has a control character; write plain text"
        }
    }
}

extension CSVTable {
    /// Goes through the bytes row by row.
    private struct Scanner {
        let bytes: [UInt8]
        var position = 0
        var line = 1

        private var next: UInt8? { bytes.indices.contains(position) ? bytes[position] : nil }

        /// The next row that is not an empty line; `nil` at the end.
        mutating func nextRow() throws(CSVError) -> Row? {
            while let byte = next {
                if byte == UInt8(ascii: "\n") {
                    position += 1
                    line += 1
                } else if try takesLineEnd() {
                    line += 1
                } else {
                    break
                }
            }
            guard next != nil else { return nil }
            let start = line
            var fields: [String] = []
            while true {
                guard fields.count < CSVTable.maximumFieldCount else { throw .tooManyFields(line: start) }
                fields.append(next == UInt8(ascii: "\"") ? try quotedField() : try plainField())
                guard let byte = next else { break }
                if byte == UInt8(ascii: ",") {
                    position += 1
                    continue
                }
                if try takesLineEnd() {
                    line += 1
                    break
                }
                throw .strayQuote(line: line)
            }
            return Row(line: start, fields: fields)
        }

        /// Takes LF or CR LF, if it is next.
        private mutating func takesLineEnd() throws(CSVError) -> Bool {
            guard let byte = next else { return false }
            if byte == UInt8(ascii: "\n") {
                position += 1
                return true
            }
            guard byte == UInt8(ascii: "\r") else { return false }
            position += 1
            guard next == UInt8(ascii: "\n") else { throw .controlCharacter(line: line) }
            position += 1
            return true
        }

        private mutating func plainField() throws(CSVError) -> String {
            var field: [UInt8] = []
            while let byte = next {
                switch byte {
                case UInt8(ascii: ","), UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                    return String(decoding: field, as: UTF8.self)
                case UInt8(ascii: "\""): throw .strayQuote(line: line)
                case 0..<0x20, 0x7F: throw .controlCharacter(line: line)
                default:
                    field.append(byte)
                    position += 1
                }
            }
            return String(decoding: field, as: UTF8.self)
        }

        private mutating func quotedField() throws(CSVError) -> String {
            let start = line
            position += 1
            var field: [UInt8] = []
            while let byte = next {
                position += 1
                if byte == UInt8(ascii: "\n") { line += 1 }
                guard byte == UInt8(ascii: "\"") else {
                    field.append(byte)
                    continue
                }
                guard next == UInt8(ascii: "\"") else { return String(decoding: field, as: UTF8.self) }
                field.append(byte)
                position += 1
            }
            throw .unterminatedQuote(line: start)
        }
    }
}
