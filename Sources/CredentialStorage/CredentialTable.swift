import Foundation
import GRDB
import SoftwareAuthenticator
import WebAuthnModel

/// The discoverable credentials of a store.
struct CredentialTable {
    let db: Database
    let cipher: StoreCipher
    /// Who loads keys of the algorithms that module SoftwareAuthenticator lacks.
    let supplement: SupplementaryAlgorithms

    /// Inserts a credential as the newest, in place of any of the same account or the same ID.
    ///
    /// - Returns: its position, and how many it replaces.
    func insert(_ source: CredentialSource) throws -> (position: Int64, replaced: Int) {
        let tag = cipher.accountTag(relyingPartyID: source.relyingPartyID, userHandle: source.userHandle)
        let id = Data(source.id)
        let insertion = try db.cachedStatement(
            sql: """
                INSERT INTO credential (id, relyingPartyID, accountTag, algorithm, sealed, protection)
                VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                """)
        try insertion.execute(arguments: [
            id, Data(source.relyingPartyID.utf8), tag, source.algorithm.rawValue,
            try seal(CredentialSecrets(source), rowIdentity(source)), Int(source.properties.protection.rawValue),
        ])
        // Mostly there is nothing in the way.
        guard db.changesCount == 0 else { return (db.lastInsertedRowID, 0) }
        try db.execute(sql: "DELETE FROM credential WHERE accountTag = ? OR id = ?", arguments: [tag, id])
        let replaced = db.changesCount
        try insertion.execute()
        return (db.lastInsertedRowID, replaced)
    }

    /// Where a relying party's credentials are, oldest first; the index alone answers.
    func places(relyingPartyID: String) throws -> [StoreCache.Place] {
        try Row.fetchAll(
            db.cachedStatement(sql: "SELECT position, protection FROM credential WHERE relyingPartyID = ?"),
            arguments: [Data(relyingPartyID.utf8)]
        ).map { row in
            guard let protection = CredentialProtection(rawValue: UInt8(clamping: row["protection"] as Int)) else {
                throw StoreCipherError()
            }
            return StoreCache.Place(position: row["position"], protection: protection)
        }.sorted { $0.position < $1.position }
    }

    /// The credential at a position.
    func source(at position: Int64) throws -> CredentialSource? {
        try Row.fetchOne(
            db.cachedStatement(sql: "SELECT * FROM credential WHERE position = ?"), arguments: [position]
        ).map { try source($0) }
    }

    /// The relying parties, in the order of their oldest credentials.
    func relyingPartyIDs() throws -> [String] {
        try Data.fetchAll(
            db, sql: "SELECT relyingPartyID FROM credential GROUP BY relyingPartyID ORDER BY MIN(position)"
        ).map { String(decoding: $0, as: UTF8.self) }
    }

    /// How many credentials there are, and a number that grows whenever they change: how many positions were taken (one that
    /// replaces another takes two), and the other changes.
    func census() throws -> (count: Int, changeCount: UInt64) {
        let count = try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM credential") ?? 0
        let changes = try Int64.fetchOne(db, sql: "SELECT value FROM changeCount WHERE id = 1") ?? 0
        let made = try Int64.fetchOne(db, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'credential'") ?? 0
        // Nobody vouches for the numbers in the file: they may be anything.
        return (count, UInt64(clamping: changes) &+ UInt64(clamping: made))
    }

    /// All credentials, oldest first.
    func all() throws -> [CredentialSource] {
        try Row.fetchAll(db, sql: "SELECT * FROM credential ORDER BY position").map { try source($0) }
    }

    /// Whether there is a credential of the same account.
    func holdsAccount(of source: CredentialSource) throws -> Bool {
        let tag = cipher.accountTag(relyingPartyID: source.relyingPartyID, userHandle: source.userHandle)
        return try Bool.fetchOne(
            db, sql: "SELECT EXISTS (SELECT 1 FROM credential WHERE accountTag = ?)", arguments: [tag]) ?? false
    }

    /// Counts a change other than an insertion, which counts by itself.
    private func countChange() throws {
        try db.cachedStatement(sql: "UPDATE changeCount SET value = value + 1 WHERE id = 1").execute()
    }

    /// The credential with an ID, and its position.
    func source(id: [UInt8]) throws -> (position: Int64, source: CredentialSource)? {
        try Row.fetchOne(
            db.cachedStatement(sql: "SELECT * FROM credential WHERE id = ?"), arguments: [Data(id)]
        ).map { ($0["position"], try source($0)) }
    }

    /// Replaces the names of a credential; everything else stays as stored.
    func updateNames(_ new: CredentialSource) throws -> Bool {
        try change(id: new.id) { stored in
            (stored.userName, stored.userDisplayName) = (new.userName, new.userDisplayName)
        }
    }

    /// Changes what is sealed of a credential.
    ///
    /// - Returns: Whether there is such a credential.
    func change(id: [UInt8], _ body: (inout CredentialSource) -> Void) throws -> Bool {
        guard var stored = try source(id: id)?.source else { return false }
        body(&stored)
        try db.execute(
            sql: "UPDATE credential SET sealed = ? WHERE id = ?",
            arguments: [try seal(CredentialSecrets(stored), rowIdentity(stored)), Data(id)])
        try countChange()
        return true
    }

    /// Deletes one credential.
    func delete(id: [UInt8]) throws -> Bool {
        try db.execute(sql: "DELETE FROM credential WHERE id = ?", arguments: [Data(id)])
        guard db.changesCount > 0 else { return false }
        try countChange()
        return true
    }

    /// Deletes all credentials.
    func deleteAll() throws {
        try db.execute(sql: "DELETE FROM credential")
        try countChange()
    }

    private func source(_ row: Row) throws -> CredentialSource {
        let id = Array(row["id"] as Data)
        let relyingPartyID = String(decoding: row["relyingPartyID"] as Data, as: UTF8.self)
        let algorithm: Int = row["algorithm"]
        let identity = RowIdentity.credential(id: id, relyingPartyID: relyingPartyID, algorithm: algorithm)
        let secrets = try CredentialSecrets(decoding: cipher.open(row["sealed"], boundTo: identity))
        let source = try secrets.source(
            id: id, relyingPartyID: relyingPartyID, algorithm: algorithm, supplement: supplement)
        guard Int(source.properties.protection.rawValue) == row["protection"] as Int else { throw StoreCipherError() }
        return source
    }

    private func rowIdentity(_ source: CredentialSource) -> RowIdentity {
        .credential(id: source.id, relyingPartyID: source.relyingPartyID, algorithm: source.algorithm.rawValue)
    }

    private func seal(_ secrets: CredentialSecrets, _ identity: RowIdentity) throws -> Data {
        try cipher.seal(secrets.encoded, boundTo: identity)
    }
}
