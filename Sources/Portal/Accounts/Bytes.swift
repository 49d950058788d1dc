import Foundation
import GRDB

/// Bytes in and out of BLOB columns.
enum Bytes {
    /// What is bound to a statement.
    static func value(_ bytes: [UInt8]) -> Data { Data(bytes) }

    /// A BLOB column; an empty one when it is NULL.
    static func column(_ name: String, of row: Row) -> [UInt8] { (row[name] as Data?).map(Array.init) ?? [] }
}
