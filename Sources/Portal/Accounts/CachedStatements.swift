import GRDB

// Statements that are compiled once for each connection: for what each login does, compiling them would cost more than running
// them.

extension Database {
    /// Executes a statement that is kept compiled.
    func execute(cached sql: String, arguments: StatementArguments) throws {
        try cachedStatement(sql: sql).execute(arguments: arguments)
    }
}

extension Row {
    /// The first row of a statement that is kept compiled.
    static func fetchOne(_ database: Database, cached sql: String, arguments: StatementArguments) throws -> Row? {
        try fetchOne(database.cachedStatement(sql: sql), arguments: arguments)
    }

    /// The rows of a statement that is kept compiled.
    static func fetchAll(_ database: Database, cached sql: String, arguments: StatementArguments) throws -> [Row] {
        try fetchAll(database.cachedStatement(sql: sql), arguments: arguments)
    }
}

extension DatabaseValueConvertible where Self: StatementColumnConvertible {
    /// The first value of a statement that is kept compiled.
    static func fetchOne(_ database: Database, cached sql: String, arguments: StatementArguments) throws -> Self? {
        try fetchOne(database.cachedStatement(sql: sql), arguments: arguments)
    }

    /// The values of a statement that is kept compiled.
    static func fetchAll(_ database: Database, cached sql: String, arguments: StatementArguments) throws -> [Self] {
        try fetchAll(database.cachedStatement(sql: sql), arguments: arguments)
    }
}
