import FoundationEssentials
import GRDB
import RelyingParty
import WebAuthnModel

/// A registered passkey: the relying party's record and what the person calls it.
struct Passkey: Sendable {
    /// The credential ID.
    let credentialID: [UInt8]
    /// Whose it is.
    let accountID: Int64
    /// What verification needs.
    let record: CredentialRecord
    /// The name of steps 2-1.6 and 2-2.4; `nil` until it is given.
    let name: String?
    /// The attestation statement's format.
    let attestationFormat: String
    /// Whether the authenticator derives secrets (the extension `prf`), as the client claims; `nil` when it did not say.
    let supportsPRF: Bool?
    /// When it was registered.
    let createdAt: Date
    /// When it was last used to log in.
    let lastUsedAt: Date?
}

extension Passkey {
    private init(row: Row) throws {
        self.init(
            credentialID: Bytes.column("credentialID", of: row), accountID: row["accountID"],
            record: try JSONText.decode(CredentialRecord.self, from: row["record"]), name: row["name"],
            attestationFormat: row["attestationFormat"], supportsPRF: row["supportsPRF"],
            createdAt: Date(timeIntervalSince1970: row["createdAt"]),
            lastUsedAt: (row["lastUsedAt"] as Double?).map { Date(timeIntervalSince1970: $0) })
    }

    /// The passkey with a credential ID, of any account.
    static func find(_ credentialID: [UInt8], in database: Database) throws -> Passkey? {
        try Row.fetchOne(
            database, cached: "SELECT * FROM passkey WHERE credentialID = ?", arguments: [Bytes.value(credentialID)]
        ).map(Passkey.init)
    }

    /// The passkeys of an account, oldest first.
    static func all(of accountID: Int64, in database: Database) throws -> [Passkey] {
        try Row.fetchAll(
            database, cached: "SELECT * FROM passkey WHERE accountID = ? ORDER BY createdAt, credentialID",
            arguments: [accountID]
        ).map(Passkey.init)
    }

    /// Stores a new, unnamed passkey.
    static func add(
        _ result: RegistrationResult, supportsPRF: Bool?, to accountID: Int64, now: Date, in database: Database
    ) throws {
        try database.execute(
            sql: """
                INSERT INTO passkey (credentialID, accountID, record, attestationFormat, supportsPRF, createdAt)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                Bytes.value(result.record.id.bytes), accountID, try JSONText.encode(result.record),
                result.attestation.format.rawValue, supportsPRF, now.timeIntervalSince1970,
            ])
    }

    /// Stores what a login changed: signature counter, backup state, and when it was.
    static func update(_ record: CredentialRecord, usedAt now: Date, in database: Database) throws {
        try database.execute(
            cached: "UPDATE passkey SET record = ?, lastUsedAt = ? WHERE credentialID = ?",
            arguments: [try JSONText.encode(record), now.timeIntervalSince1970, Bytes.value(record.id.bytes)])
    }

    /// Removes a passkey of an account and ends the visits that began with it, unless it is the account's last way to log in.
    ///
    /// - Returns: Whether it was removed.
    static func remove(_ credentialID: [UInt8], of account: Account, in database: Database) throws -> Bool {
        guard let current = try Account.find(account.id, in: database) else { return false }
        let passkeys = try all(of: account.id, in: database)
        guard passkeys.contains(where: { $0.credentialID == credentialID }),
            passkeys.count > 1 || current.method != .passkey
        else { return false }
        try database.execute(
            sql: "DELETE FROM passkey WHERE credentialID = ?", arguments: [Bytes.value(credentialID)])
        try SessionStore.endAll(begunWith: credentialID, in: database)
        return true
    }

    /// Whether a passkey is all that its account can log in with.
    static func isLastWay(_ credentialID: [UInt8], of account: Account, in database: Database) throws -> Bool {
        let others = try all(of: account.id, in: database).filter { $0.credentialID != credentialID }
        return account.method == .passkey && others.isEmpty
    }

    /// Names a passkey of an account.
    ///
    /// - Returns: Whether the account has such a passkey.
    static func rename(
        _ credentialID: [UInt8], of accountID: Int64, to name: String, in database: Database
    ) throws -> Bool {
        try database.execute(
            sql: "UPDATE passkey SET name = ? WHERE credentialID = ? AND accountID = ?",
            arguments: [name, Bytes.value(credentialID), accountID])
        return database.changesCount == 1
    }
}
