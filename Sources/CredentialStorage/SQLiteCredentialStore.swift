import Foundation
import GRDB
import Glibc
public import SoftwareAuthenticator
import Synchronization
import WebAuthnModel

/// A credential store in an SQLite database; several processes may use one at the same time.
///
/// Every change is one transaction and is on disk when the call returns: the write-ahead log is synchronised at each
/// commit (`synchronous = FULL`), so neither a crash nor a loss of power takes back what a platform was told, and a
/// signature counter is never given out twice. Private keys, user handles, names, the wrapping key and the attestation
/// identity are sealed under the ``StoreKey``; credential IDs, RP IDs and the counter are not.
public final class SQLiteCredentialStore: CredentialStore {
    let connection: StoreConnection
    let cipher: StoreCipher
    let capacity: Int
    private let supplement: SupplementaryAlgorithms

    /// Opens a store, or makes an empty one if there is none.
    ///
    /// - Parameters:
    ///   - path: the database file; its directory must exist.
    ///   - key: the key the store was made with.
    ///   - supplement: who loads keys of the algorithms that module SoftwareAuthenticator lacks.
    ///   - capacity: how many discoverable credentials it takes.
    public init(
        path: String, key: StoreKey, supplement: SupplementaryAlgorithms = .none, capacity: Int = 1000
    ) throws(SQLiteCredentialStoreError) {
        let cipher = StoreCipher(key)
        do {
            try PrivateFile.ensure(path)
            connection = StoreConnection(try SQLiteCredentialStore.open(path, cipher))
        } catch let error as SQLiteCredentialStoreError {
            throw error
        } catch let error as PrivateFileError {
            throw .database(path: path, reason: error.reason)
        } catch let error as DatabaseError {
            throw .database(path: path, reason: SQLiteCredentialStore.describe(error))
        } catch is StoreCipherError {
            throw .wrongKey(path: path)
        } catch {
            throw .database(path: path, reason: String(describing: error))
        }
        self.cipher = cipher
        self.capacity = capacity
        self.supplement = supplement
    }

    /// Opens a store with the key in a file, or makes both if there is neither.
    ///
    /// A store whose key file is missing is refused: a new key would not open it, and would stand in the way of the old one.
    ///
    /// - Parameter passphrase: what the key is sealed under, if it is.
    public convenience init(
        path: String, keyFileAt keyPath: String, passphrase: Passphrase? = nil,
        supplement: SupplementaryAlgorithms = .none, capacity: Int = 1000
    ) throws(SQLiteCredentialStoreError) {
        let exists = access(path, F_OK) == 0
        guard access(keyPath, F_OK) == 0 || !exists else { throw .missingKeyFile(path: path, keyFile: keyPath) }
        let key: StoreKey
        do throws(StoreKeyError) {
            key = try StoreKey(fileAt: keyPath, passphrase: passphrase)
        } catch {
            throw .keyFile(error)
        }
        try self.init(path: path, key: key, supplement: supplement, capacity: capacity)
    }

    private static func open(_ path: String, _ cipher: StoreCipher) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(StoreConnection.patience / .seconds(1))
        configuration.label = "credential store"
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try queue.inDatabase { db in
            // After the journal mode, which GRDB couples with a weaker setting.
            try db.execute(sql: "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON")
            guard try !StoreSchema.migrator.hasBeenSuperseded(db) else {
                throw SQLiteCredentialStoreError.newerSchema(path: path)
            }
        }
        try StoreSchema.migrator.migrate(queue)
        try queue.write { db in
            // A constant that was sealed when the store was made: it opens under the right key only.
            let settings = SettingTable(db: db, cipher: cipher)
            if try settings[.keyCheck] == nil { try settings.set(.keyCheck, []) }
        }
        return queue
    }

    /// The credentials in a transaction.
    func table(_ db: Database) -> CredentialTable {
        CredentialTable(db: db, cipher: cipher, supplement: supplement)
    }

    /// Reads in one transaction.
    ///
    /// It blocks the thread that calls: for as long as the statements take, and no longer than the disk takes for what another
    /// task writes at the moment.
    func load<Value: Sendable>(_ body: (Database) throws -> Value) throws(CredentialStoreError) -> Value {
        try read(remembered: { _ in nil }, orLoading: { db, _ in try body(db) })
    }

    /// Answers from memory, else in one transaction.
    func read<Value: Sendable>(
        remembered: (inout StoreConnection.Memory) throws -> Value?,
        orLoading load: (Database, inout StoreConnection.Memory) throws -> Value
    ) throws(CredentialStoreError) -> Value {
        do {
            return try connection.read(remembered: remembered, orLoading: load)
        } catch {
            throw SQLiteCredentialStore.translate(error)
        }
    }

    /// Writes in one transaction, which is on disk when this returns.
    nonisolated(nonsending) func write<Value: Sendable>(
        waits: Bool = true, meanwhile work: () -> Void = {},
        _ change: @escaping @Sendable (Database, inout StoreConnection.Memory) throws -> Value
    ) async throws(CredentialStoreError) -> Value {
        do { return try await connection.write(waits: waits, meanwhile: work, change) } catch {
            throw SQLiteCredentialStore.translate(error)
        }
    }

    private static func translate(_ error: any Error) -> CredentialStoreError {
        switch error {
        case let error as CredentialStoreError: error
        case let error as DatabaseError: .unavailable(describe(error))
        case is StoreCipherError: .unavailable("a sealed value has been changed; restore the store from a backup")
        default: .unavailable(String(describing: error))
        }
    }

    /// SQLite's reason, without the statement and its arguments, and what to do about it where that is known.
    static func describe(_ error: DatabaseError) -> String {
        let reason = error.message ?? "SQLite error \(error.resultCode.rawValue)"
        let advice: String? =
            switch error.resultCode.primaryResultCode {
            case .SQLITE_FULL: "make room on its disk"
            case .SQLITE_BUSY: "another program has been writing to it for long; end that one, or try again"
            case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM: "check the permissions of the file and its folder"
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: "restore the store from a backup"
            default: nil
            }
        return advice.map { "\(reason); \($0)" } ?? reason
    }
}
