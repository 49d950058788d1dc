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
    let queue: DatabaseQueue
    private let cipher: StoreCipher
    private let capacity: Int
    /// The signature counters that are reserved on disk and not given out yet: the last one given, and the last reserved.
    private let counters = Mutex<(given: UInt32, reserved: UInt32)>((0, 0))

    /// How many signature counters are reserved at a time: so few signatures wait for the disk, and so many numbers are
    /// left out when the process ends.
    static let counterBlock: UInt32 = 256

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

    /// Some credentials of a relying party.
    public func sources(
        relyingPartyID: String, protectedAtMost protection: CredentialProtection, skipping: Int, limit: Int
    ) async throws(CredentialStoreError) -> CredentialPage {
        try await read { [cipher] db in
            try CredentialTable(db: db, cipher: cipher).page(
                relyingPartyID: relyingPartyID, protectedAtMost: protection, skipping: skipping, limit: limit)
        }
    }

    /// The relying parties.
    public func relyingPartyIDs() async throws(CredentialStoreError) -> [String] {
        try await read { [cipher] db in try CredentialTable(db: db, cipher: cipher).relyingPartyIDs() }
    }

    /// How full it is.
    public func census() async throws(CredentialStoreError) -> CredentialCensus {
        let capacity = capacity
        return try await read { [cipher] db in
            let census = try CredentialTable(db: db, cipher: cipher).census()
            return CredentialCensus(count: census.count, capacity: capacity, changeCount: census.changeCount)
        }
    }

    /// The state.
    public func state() async throws(CredentialStoreError) -> AuthenticatorState? {
        try await read { [cipher] db in try SettingTable(db: db, cipher: cipher).authenticatorState() }
    }

    /// Changes the state, in one transaction.
    @discardableResult
    public func updateState(
        orBeginningWith new: AuthenticatorState,
        _ change: @escaping @Sendable (inout AuthenticatorState) throws -> Void
    ) async throws -> AuthenticatorState {
        try await queue.write { [cipher] db in
            let settings = SettingTable(db: db, cipher: cipher)
            var state = try settings.authenticatorState() ?? new
            try change(&state)
            try settings.set(.authenticatorState, state.serialized.exposeSecret())
            return state
        }
    }

    /// The large blobs.
    public func largeBlobArray() async throws(CredentialStoreError) -> [UInt8]? {
        try await read { [cipher] db in try SettingTable(db: db, cipher: cipher)[.largeBlobArray] }
    }

    /// Stores the large blobs.
    public func save(largeBlobArray: [UInt8]) async throws(CredentialStoreError) {
        try await write { [cipher] db in
            try SettingTable(db: db, cipher: cipher).set(.largeBlobArray, largeBlobArray)
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
    ///
    /// Numbers are reserved on disk in blocks. If another process has reserved a block since, its numbers are higher, and
    /// what is left of ours would be a step back: a new block is reserved.
    public func nextSignatureCounter() async throws(CredentialStoreError) -> UInt32 {
        let onDisk = try await read { db in
            try Int64.fetchOne(
                db.cachedStatement(sql: "SELECT value FROM signatureCounter WHERE id = 1"))
        }
        let reserved = counters.withLock { counters -> UInt32? in
            guard counters.given < counters.reserved, onDisk == Int64(counters.reserved) else { return nil }
            counters.given += 1
            return counters.given
        }
        if let reserved { return reserved }
        let block = try await write { db in
            // Looked at once more: another process may have reserved in between.
            let value = try Int64.fetchOne(db, sql: "SELECT value FROM signatureCounter WHERE id = 1")
            guard let before = value.flatMap({ UInt32(exactly: $0) }), before < .max else {
                throw CredentialStoreError.signatureCounterExhausted
            }
            let (sum, overflows) = before.addingReportingOverflow(SQLiteCredentialStore.counterBlock)
            let last = overflows ? UInt32.max : sum
            try db.execute(
                sql: "UPDATE signatureCounter SET value = ? WHERE id = 1", arguments: [Int64(last)])
            return (first: before + 1, last: last)
        }
        counters.withLock { counters in
            // Unless a later block has been reserved meanwhile.
            if block.last > counters.reserved { counters = (given: block.first, reserved: block.last) }
        }
        return block.first
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

    /// Forgets all credentials and the large blobs.
    public func reset(wrappingKey: SecretBytes, state: AuthenticatorState) async throws(CredentialStoreError) {
        try await write { [cipher] db in
            try CredentialTable(db: db, cipher: cipher).deleteAll()
            let settings = SettingTable(db: db, cipher: cipher)
            try settings.set(.wrappingKey, wrappingKey.exposeSecret())
            try settings.set(.authenticatorState, state.serialized.exposeSecret())
            try settings.remove(.largeBlobArray)
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
