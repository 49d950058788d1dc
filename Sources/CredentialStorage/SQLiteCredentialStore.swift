import Foundation
import GRDB
import Glibc
public import SoftwareAuthenticator
import WebAuthnModel

/// A credential store in an SQLite database; several processes may use one at the same time.
///
/// Every change is one transaction and is on disk when the call returns: the write-ahead log is synchronised at each
/// commit (`synchronous = FULL`), so neither a crash nor a loss of power takes back what a platform was told, and a
/// signature counter is never given out twice. Private keys, user handles, names, the wrapping key and the attestation
/// identity are sealed under the ``StoreKey``; credential IDs, RP IDs and the counter are not.
public final class SQLiteCredentialStore: CredentialStore {
    let queue: DatabaseQueue
    private let cipher: StoreCipher
    private let capacity: Int

    /// Opens a store, or makes an empty one if there is none.
    ///
    /// - Parameters:
    ///   - path: the database file; its directory must exist.
    ///   - key: the key the store was made with.
    ///   - capacity: how many discoverable credentials it takes.
    public init(path: String, key: StoreKey, capacity: Int = 1000) throws(SQLiteCredentialStoreError) {
        if let reason = KeyFile.ensurePrivateFile(path) { throw .database(path: path, reason: reason) }
        let cipher = StoreCipher(key)
        do {
            queue = try SQLiteCredentialStore.open(path, cipher)
        } catch let error as SQLiteCredentialStoreError {
            throw error
        } catch let error as DatabaseError {
            throw .database(path: path, reason: SQLiteCredentialStore.describe(error))
        } catch is StoreCipherError {
            throw .wrongKey(path: path)
        } catch {
            throw .database(path: path, reason: String(describing: error))
        }
        self.cipher = cipher
        self.capacity = capacity
    }

    /// Opens a store with the key in a file, or makes both if there is neither.
    ///
    /// A store whose key file is missing is refused: a new key would not open it, and would stand in the way of the old one.
    public convenience init(
        path: String, keyFileAt keyPath: String, capacity: Int = 1000
    ) throws(SQLiteCredentialStoreError) {
        let exists = access(path, F_OK) == 0
        guard access(keyPath, F_OK) == 0 || !exists else { throw .missingKeyFile(path: path, keyFile: keyPath) }
        let key: StoreKey
        do throws(StoreKeyError) {
            key = try StoreKey(fileAt: keyPath)
        } catch {
            throw .keyFile(error)
        }
        try self.init(path: path, key: key, capacity: capacity)
    }

    private static func open(_ path: String, _ cipher: StoreCipher) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(5)
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

    /// Keeps a credential in place of the account's earlier one.
    public func save(_ source: CredentialSource) async throws(CredentialStoreError) {
        try await write { [cipher, capacity] db in
            try CredentialTable(db: db, cipher: cipher).insert(source, capacity: capacity)
        }
    }

    /// The credentials of a relying party, newest first.
    public func sources(relyingPartyID: String) async throws(CredentialStoreError) -> [CredentialSource] {
        try await read { [cipher] db in
            try CredentialTable(db: db, cipher: cipher).sources(relyingPartyID: relyingPartyID)
        }
    }

    /// The credential with an ID.
    public func source(id: [UInt8]) async throws(CredentialStoreError) -> CredentialSource? {
        try await read { [cipher] db in try CredentialTable(db: db, cipher: cipher).source(id: id) }
    }

    /// Replaces a credential's names.
    @discardableResult
    public func update(_ source: CredentialSource) async throws(CredentialStoreError) -> Bool {
        try await write { [cipher] db in try CredentialTable(db: db, cipher: cipher).updateNames(source) }
    }

    /// Forgets a credential.
    @discardableResult
    public func delete(id: [UInt8]) async throws(CredentialStoreError) -> Bool {
        try await write { [cipher] db in try CredentialTable(db: db, cipher: cipher).delete(id: id) }
    }

    /// Counts one signature.
    public func nextSignatureCounter() async throws(CredentialStoreError) -> UInt32 {
        try await write { db in
            let value = try Int64.fetchOne(
                db,
                sql: """
                    UPDATE signatureCounter SET value = value + 1 WHERE id = 1 AND value < 4294967295 RETURNING value
                    """)
            guard let counter = value.flatMap({ UInt32(exactly: $0) }) else {
                throw CredentialStoreError.signatureCounterExhausted
            }
            return counter
        }
    }

    /// The wrapping key.
    public func wrappingKey(orStoring candidate: SecretBytes) async throws(CredentialStoreError) -> SecretBytes {
        let bytes = try await setting(.wrappingKey, orStoring: candidate)
        return bytes ?? candidate
    }

    /// The attestation identity.
    public func attestationIdentity(
        orStoring candidate: AttestationIdentity?
    ) async throws(CredentialStoreError) -> AttestationIdentity? {
        guard let bytes = try await setting(.attestationIdentity, orStoring: candidate?.serialized) else { return nil }
        do {
            return try AttestationIdentity(serialized: bytes)
        } catch {
            throw .unavailable(error.description)
        }
    }

    /// Forgets all credentials.
    public func reset(wrappingKey: SecretBytes) async throws(CredentialStoreError) {
        try await write { [cipher] db in
            try CredentialTable(db: db, cipher: cipher).deleteAll()
            try SettingTable(db: db, cipher: cipher).set(.wrappingKey, wrappingKey.exposeSecret())
        }
    }

    /// The stored value; if there is none, the candidate becomes it.
    private func setting(
        _ name: SettingTable.Name, orStoring candidate: SecretBytes?
    ) async throws(CredentialStoreError) -> SecretBytes? {
        let cipher = cipher
        if let bytes = try await read({ db in try SettingTable(db: db, cipher: cipher)[name] }) {
            return SecretBytes(bytes)
        }
        guard let candidate else { return nil }
        // Looked up once more: another process may have stored one in between.
        return SecretBytes(
            try await write { db in
                let settings = SettingTable(db: db, cipher: cipher)
                if let bytes = try settings[name] { return bytes }
                try settings.set(name, candidate.exposeSecret())
                return candidate.exposeSecret()
            })
    }

    private func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(CredentialStoreError) -> Value {
        do { return try await queue.read(body) } catch { throw SQLiteCredentialStore.translate(error) }
    }

    private func write<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(CredentialStoreError) -> Value {
        do { return try await queue.write(body) } catch { throw SQLiteCredentialStore.translate(error) }
    }

    private static func translate(_ error: any Error) -> CredentialStoreError {
        switch error {
        case let error as CredentialStoreError: error
        case let error as DatabaseError: .unavailable(describe(error))
        case is StoreCipherError: .unavailable("a sealed value has been changed; restore the store from a backup")
        default: .unavailable(String(describing: error))
        }
    }

    /// SQLite's reason, without the statement and its arguments.
    private static func describe(_ error: DatabaseError) -> String {
        error.message ?? "SQLite error \(error.resultCode.rawValue)"
    }
}
