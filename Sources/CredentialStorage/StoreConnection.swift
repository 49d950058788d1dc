import GRDB
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

    /// Answers from memory; `nil` when not all of the answer is remembered, or the database does not answer.
    ///
    /// It blocks the thread that calls as ``read(remembered:orLoading:)`` does.
    func glance<Value>(_ remembered: (StoreCache) -> Value?) -> Value? {
        queue.inDatabase { db in
            guard let version = try? StoreConnection.dataVersion(db) else { return nil }
            return memory.withLock { memory in
                memory.cache.validate(version)
                return remembered(memory.cache)
            }
        }
    }

    /// Changes the database in one transaction, and what is remembered of it; if it fails, nothing is remembered any more.
    func write<Value: Sendable>(
        _ change: @escaping @Sendable (Database, inout Memory) throws -> Value
    ) async throws -> Value {
        try await queue.writeWithoutTransaction { [self] db in
            try memory.withLock { memory in
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
                    throw error
                }
            }
        }
    }

    /// Changes when another connection has changed the database; our own changes leave it as it is.
    private static func dataVersion(_ db: Database) throws -> Int64 {
        guard let version = try Int64.fetchOne(db.cachedStatement(sql: "PRAGMA data_version")) else {
            throw CredentialStoreError.unavailable("it has no version")
        }
        return version
    }
}
