import Foundation
import GRDB
import SoftwareAuthenticator
import WebAuthnModel

/// The discoverable credentials of a store.
struct CredentialTable {
    /// The part of a row that is sealed, as JSON.
    private struct Secrets: Codable {
        var privateKey: Base64URLString
        var userHandle: Base64URLString
        var userName: String?
        var userDisplayName: String?
    }

    let db: Database
    let cipher: StoreCipher

    /// Inserts a credential as the newest, in place of any of the same account or the same ID.
    func insert(_ source: CredentialSource, capacity: Int) throws {
        let tag = cipher.accountTag(relyingPartyID: source.relyingPartyID, userHandle: source.userHandle)
        let id = Data(source.id)
        try db.execute(sql: "DELETE FROM credential WHERE accountTag = ? OR id = ?", arguments: [tag, id])
        let count = try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM credential") ?? 0
        // Throwing rolls the deletion back.
        guard count < capacity else { throw CredentialStoreError.full }
        let secrets = Secrets(
            privateKey: Base64URLString(source.privateKey.rawRepresentation.exposeSecret()),
            userHandle: Base64URLString(source.userHandle), userName: source.userName,
            userDisplayName: source.userDisplayName)
        try db.execute(
            sql: """
                INSERT INTO credential (id, relyingPartyID, accountTag, algorithm, sealed) VALUES (?, ?, ?, ?, ?)
                """,
            arguments: [
                id, Data(source.relyingPartyID.utf8), tag, source.algorithm.rawValue,
                try seal(secrets, rowIdentity(source)),
            ])
    }

    /// The credentials of a relying party, newest first.
    func sources(relyingPartyID: String) throws -> [CredentialSource] {
        try Row.fetchAll(
            db, sql: "SELECT * FROM credential WHERE relyingPartyID = ? ORDER BY position DESC",
            arguments: [Data(relyingPartyID.utf8)]
        ).map { try source($0) }
    }

    /// The credential with an ID.
    func source(id: [UInt8]) throws -> CredentialSource? {
        try Row.fetchOne(db, sql: "SELECT * FROM credential WHERE id = ?", arguments: [Data(id)])
            .map { try source($0) }
    }

    /// Replaces the names of a credential; everything else stays as stored.
    func updateNames(_ new: CredentialSource) throws -> Bool {
        guard let stored = try source(id: new.id) else { return false }
        let secrets = Secrets(
            privateKey: Base64URLString(stored.privateKey.rawRepresentation.exposeSecret()),
            userHandle: Base64URLString(stored.userHandle), userName: new.userName,
            userDisplayName: new.userDisplayName)
        try db.execute(
            sql: "UPDATE credential SET sealed = ? WHERE id = ?",
            arguments: [try seal(secrets, rowIdentity(stored)), Data(new.id)])
        return true
    }

    /// Deletes one credential.
    func delete(id: [UInt8]) throws -> Bool {
        try db.execute(sql: "DELETE FROM credential WHERE id = ?", arguments: [Data(id)])
        return db.changesCount > 0
    }

    /// Deletes all credentials.
    func deleteAll() throws { try db.execute(sql: "DELETE FROM credential") }

    private func source(_ row: Row) throws -> CredentialSource {
        let id = Array(row["id"] as Data)
        let relyingPartyID = String(decoding: row["relyingPartyID"] as Data, as: UTF8.self)
        let algorithm: Int = row["algorithm"]
        let identity = RowIdentity.credential(id: id, relyingPartyID: relyingPartyID, algorithm: algorithm)
        let plaintext = try cipher.open(row["sealed"], boundTo: identity)
        let secrets = try JSONDecoder().decode(Secrets.self, from: Data(plaintext))
        return CredentialSource(
            id: id, relyingPartyID: relyingPartyID, userHandle: secrets.userHandle.bytes, userName: secrets.userName,
            userDisplayName: secrets.userDisplayName,
            privateKey: try CredentialPrivateKey(
                algorithm: COSEAlgorithm(rawValue: algorithm),
                rawRepresentation: SecretBytes(secrets.privateKey.bytes)), isDiscoverable: true)
    }

    private func rowIdentity(_ source: CredentialSource) -> RowIdentity {
        .credential(id: source.id, relyingPartyID: source.relyingPartyID, algorithm: source.algorithm.rawValue)
    }

    private func seal(_ secrets: Secrets, _ identity: RowIdentity) throws -> Data {
        try cipher.seal(Array(try JSONEncoder().encode(secrets)), boundTo: identity)
    }
}
