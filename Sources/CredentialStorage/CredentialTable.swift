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
        var blob: Base64URLString?
        var largeBlobKey: Base64URLString?
        var isThirdPartyPaymentEnabled: Bool?
        /// Sealed as well as in the clear, so that whoever can write the file cannot weaken it.
        ///
        /// Absent in rows of the first schema.
        var protection: UInt8?

        init(_ source: CredentialSource) {
            privateKey = Base64URLString(source.privateKey.rawRepresentation.exposeSecret())
            userHandle = Base64URLString(source.userHandle)
            (userName, userDisplayName) = (source.userName, source.userDisplayName)
            let properties = source.properties
            blob = properties.blob.map { Base64URLString($0) }
            largeBlobKey = properties.largeBlobKey.map { Base64URLString($0.exposeSecret()) }
            isThirdPartyPaymentEnabled = properties.isThirdPartyPaymentEnabled ? true : nil
            protection = properties.protection.rawValue
        }
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
        try db.execute(
            sql: """
                INSERT INTO credential (id, relyingPartyID, accountTag, algorithm, sealed, protection)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                id, Data(source.relyingPartyID.utf8), tag, source.algorithm.rawValue,
                try seal(Secrets(source), rowIdentity(source)), Int(source.properties.protection.rawValue),
            ])
        try countChange()
    }

    /// Some credentials of a relying party, newest first.
    func page(
        relyingPartyID: String, protectedAtMost protection: CredentialProtection, skipping: Int, limit: Int
    ) throws -> CredentialPage {
        let id = Data(relyingPartyID.utf8)
        // The index alone answers both questions. With the protection as a range its order would not be that of the
        // positions, so each level is asked by itself.
        var (total, positions) = (0, [Int64]())
        for level in CredentialProtection.allCases where level <= protection {
            let arguments: StatementArguments = [id, Int(level.rawValue)]
            let count = try Int.fetchOne(
                db.cachedStatement(
                    sql: "SELECT COUNT(*) FROM credential WHERE relyingPartyID = ? AND protection = ?"),
                arguments: arguments)
            guard let count, count > 0 else { continue }
            total += count
            let wanted = limit > count ? count : min(skipping + limit, count)
            positions += try Int64.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT position FROM credential WHERE relyingPartyID = ? AND protection = ?
                        ORDER BY position DESC LIMIT ?
                        """), arguments: arguments + [max(wanted, 0)])
        }
        let chosen = positions.sorted(by: >).dropFirst(skipping).prefix(limit)
        let sources = try chosen.compactMap { position in
            try Row.fetchOne(
                db.cachedStatement(sql: "SELECT * FROM credential WHERE position = ?"), arguments: [position]
            ).map { try source($0) }
        }
        return CredentialPage(total: total, sources: sources)
    }

    /// The relying parties, in the order of their oldest credentials.
    func relyingPartyIDs() throws -> [String] {
        try Data.fetchAll(
            db, sql: "SELECT relyingPartyID FROM credential GROUP BY relyingPartyID ORDER BY MIN(position)"
        ).map { String(decoding: $0, as: UTF8.self) }
    }

    /// How many credentials there are, and how often they have changed.
    func census() throws -> (count: Int, changeCount: UInt64) {
        let count = try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM credential") ?? 0
        let changes = try Int64.fetchOne(db, sql: "SELECT value FROM changeCount WHERE id = 1") ?? 0
        return (count, UInt64(clamping: changes))
    }

    private func countChange() throws { try db.execute(sql: "UPDATE changeCount SET value = value + 1 WHERE id = 1") }

    /// The credential with an ID.
    func source(id: [UInt8]) throws -> CredentialSource? {
        try Row.fetchOne(db, sql: "SELECT * FROM credential WHERE id = ?", arguments: [Data(id)])
            .map { try source($0) }
    }

    /// Replaces the names of a credential; everything else stays as stored.
    func updateNames(_ new: CredentialSource) throws -> Bool {
        guard var stored = try source(id: new.id) else { return false }
        (stored.userName, stored.userDisplayName) = (new.userName, new.userDisplayName)
        let secrets = Secrets(stored)
        try db.execute(
            sql: "UPDATE credential SET sealed = ? WHERE id = ?",
            arguments: [try seal(secrets, rowIdentity(stored)), Data(new.id)])
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
        let plaintext = try cipher.open(row["sealed"], boundTo: identity)
        let secrets = try JSONDecoder().decode(Secrets.self, from: Data(plaintext))
        guard secrets.protection ?? 1 == UInt8(clamping: row["protection"] as Int) else { throw StoreCipherError() }
        return CredentialSource(
            id: id, relyingPartyID: relyingPartyID, userHandle: secrets.userHandle.bytes, userName: secrets.userName,
            userDisplayName: secrets.userDisplayName,
            privateKey: try CredentialPrivateKey(
                algorithm: COSEAlgorithm(rawValue: algorithm),
                rawRepresentation: SecretBytes(secrets.privateKey.bytes)), isDiscoverable: true,
            properties: CredentialProperties(
                protection: CredentialProtection(rawValue: UInt8(clamping: row["protection"] as Int))
                    ?? .userVerificationRequired,
                blob: secrets.blob?.bytes, largeBlobKey: secrets.largeBlobKey.map { SecretBytes($0.bytes) },
                isThirdPartyPaymentEnabled: secrets.isThirdPartyPaymentEnabled ?? false))
    }

    private func rowIdentity(_ source: CredentialSource) -> RowIdentity {
        .credential(id: source.id, relyingPartyID: source.relyingPartyID, algorithm: source.algorithm.rawValue)
    }

    private func seal(_ secrets: Secrets, _ identity: RowIdentity) throws -> Data {
        try cipher.seal(Array(try JSONEncoder().encode(secrets)), boundTo: identity)
    }
}
