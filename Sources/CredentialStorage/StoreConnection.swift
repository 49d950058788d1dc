import GRDB
import GRDBSQLite
import SoftwareAuthenticator
import Synchronization

/// A database, and what is remembered of it.
final class StoreConnection: Sendable {
    /// What is remembered.
    struct Memory {
        var cache = StoreCache()
        var counters = CounterBlock()
    }

    let queue: DatabaseQueue
    // Touched on the queue alone, so that nobody ever waits for it.
    private let memory = Mutex(Memory())
    /// How many changes are being made, or wait for their turn.
    private let changeCount = Mutex(0)
    /// How long a change waits for that of another process.
    static let patience: Duration = .seconds(5)

    init(_ queue: DatabaseQueue) { self.queue = queue }

    /// Answers from memory, else from the database.
    ///
    /// It blocks the thread that calls: for microseconds, unless something is being written.
    ///
    /// - Parameters:
    ///   - remembered: the answer, if all of it is remembered.
    ///   - load: finds it, in one transaction.
    func read<Value: Sendable>(
        remembered: (inout Memory) throws -> Value?, orLoading load: (Database, inout Memory) throws -> Value
    ) throws -> Value {
        try queue.inDatabase { db in
            try memory.withLock { memory in
                memory.cache.validate(try StoreConnection.dataVersion(db))
                if let value = try remembered(&memory) { return value }
                var value: Value?
                try db.inTransaction(.deferred) {
                    // What is read and remembered belongs to the version that this transaction sees.
                    memory.cache.validate(try StoreConnection.dataVersion(db))
                    value = try load(db, &memory)
                    return .commit
                }
                guard let value else { throw CredentialStoreError.unavailable("a transaction did not end") }
                return value
            }
        }
    }

    /// Answers from memory; `nil` when not all of the answer is remembered, the database does not answer, or something is being
    /// written, for which the answer would have to wait.
    func glance<Value>(_ remembered: (StoreCache) -> Value?) -> Value? {
        guard changeCount.withLock({ $0 == 0 }) else { return nil }
        return queue.inDatabase { db in
            guard let version = try? StoreConnection.dataVersion(db) else { return nil }
            return memory.withLock { memory in
                memory.cache.validate(version)
                return remembered(memory.cache)
            }
        }
    }

    /// Changes the database in one transaction, and what is remembered of it; if it fails, nothing is remembered any more.
    ///
    /// - Parameters:
    ///   - waits: Whether to wait while another process is writing; if not, it fails then.
    ///   - work: What the caller does meanwhile, on its own thread.
    nonisolated(nonsending) func write<Value: Sendable>(
        waits: Bool = true, meanwhile work: () -> Void = {},
        _ change: @escaping @Sendable (Database, inout Memory) throws -> Value
    ) async throws -> Value {
        changeCount.withLock { $0 += 1 }
        defer { changeCount.withLock { $0 -= 1 } }
        return try await withCheckedThrowingContinuation { continuation in
            queue.asyncWriteWithoutTransaction { [self] db in
                continuation.resume(with: Result { try apply(change, waits: waits, db) })
            }
            work()
        }
    }

    private func apply<Value: Sendable>(
        _ change: (Database, inout Memory) throws -> Value, waits: Bool, _ db: Database
    ) throws -> Value {
        if !waits { try StoreConnection.wait(.zero, db) }
        // It has been set when the database was opened; if it cannot be set any more, the next change does not wait.
        defer { if !waits { try? StoreConnection.wait(StoreConnection.patience, db) } }
        return try memory.withLock { memory in
            do {
                var value: Value?
                try db.inTransaction(.immediate) {
                    memory.cache.validate(try StoreConnection.dataVersion(db))
                    value = try change(db, &memory)
                    return .commit
                }
                guard let value else { throw CredentialStoreError.unavailable("a transaction did not end") }
                return value
            } catch {
                memory.cache = StoreCache()
                memory.counters.endGrowing()
                throw error
            }
        }
    }

    private static func wait(_ patience: Duration, _ db: Database) throws {
        try db.execute(sql: "PRAGMA busy_timeout = \(Int(patience / .milliseconds(1)))")
    }

    /// Changes when another connection has changed the database; our own changes leave it as it is.
    ///
    /// Every question begins with it, so that it is stepped through without the library's cursor, which costs more than
    /// the statement.
    private static func dataVersion(_ db: Database) throws -> Int64 {
        let statement = try db.cachedStatement(sql: "PRAGMA data_version").sqliteStatement
        defer { sqlite3_reset(statement) }
        let code = sqlite3_step(statement)
        guard code == SQLITE_ROW else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
        return sqlite3_column_int64(statement, 0)
    }
}
