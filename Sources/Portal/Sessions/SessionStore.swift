import FoundationEssentials
import GRDB

/// Sessions of those who have logged in.
enum SessionStore {
    /// How long a visit may pause.
    static let idleLifetime: TimeInterval = 30 * 60
    /// How long a visit may last.
    static let lifetime: TimeInterval = 12 * 3600

    /// Begins a visit under a fresh secret and ends the one it replaces, so that a secret known before the login is worth nothing after.
    ///
    /// - Parameter secret: from ``SessionSecrets/issue()``.
    /// - Returns: The secret for the cookie.
    static func begin(
        secret: [UInt8], accountID: Int64, level: Session.Level, isFirstLogin: Bool, replacing old: Session, now: Date,
        in database: Database
    ) throws -> [UInt8] {
        try end(old, in: database)
        let limit = now.timeIntervalSince1970
        try database.execute(
            sql: "DELETE FROM session WHERE lastUsedAt < ? OR createdAt < ?",
            arguments: [limit - idleLifetime, limit - lifetime])
        try database.execute(
            sql: """
                INSERT INTO session (idHash, accountID, level, isFirstLogin, createdAt, lastUsedAt)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                Bytes.value(Secret.digest(secret)), accountID, level.rawValue, isFirstLogin, limit, limit,
            ])
        return secret
    }

    /// Ends a visit.
    static func end(_ session: Session, in database: Database) throws {
        try database.execute(sql: "DELETE FROM session WHERE idHash = ?", arguments: [Bytes.value(session.idHash)])
    }

    /// Ends every visit of an account.
    static func endAll(of accountID: Int64, in database: Database) throws {
        try database.execute(sql: "DELETE FROM session WHERE accountID = ?", arguments: [accountID])
    }

    /// Who a cookie belongs to, and whether its last use should be written down.
    static func find(
        secret: [UInt8], now: Date, in database: Database
    ) throws -> (visitor: Session.Visitor, isStale: Bool)? {
        let moment = now.timeIntervalSince1970
        let row = try Row.fetchOne(
            database,
            sql: "SELECT * FROM session WHERE idHash = ? AND lastUsedAt >= ? AND createdAt >= ?",
            arguments: [Bytes.value(Secret.digest(secret)), moment - idleLifetime, moment - lifetime])
        guard let row, let level = Session.Level(rawValue: row["level"]),
            let account = try Account.find(row["accountID"], in: database)
        else { return nil }
        let passkeys = try Row.fetchAll(
            database, sql: "SELECT credentialID, name FROM passkey WHERE accountID = ? ORDER BY createdAt",
            arguments: [account.id])
        let unnamed = passkeys.first { ($0["name"] as String?) == nil }
        let visitor = Session.Visitor(
            account: account, level: level, isFirstLogin: row["isFirstLogin"], hasPasskeys: !passkeys.isEmpty,
            unnamedPasskey: unnamed.map { Bytes.column("credentialID", of: $0) })
        return (visitor, moment - (row["lastUsedAt"] as Double) > 60)
    }

    /// Writes down that a visit goes on.
    static func touch(secret: [UInt8], now: Date, in database: Database) throws {
        try database.execute(
            sql: "UPDATE session SET lastUsedAt = ? WHERE idHash = ?",
            arguments: [now.timeIntervalSince1970, Bytes.value(Secret.digest(secret))])
    }
}
