import FoundationEssentials
import GRDB

/// Sessions of those who have logged in.
enum SessionStore {
    /// How long a visit may pause.
    static let idleLifetime: TimeInterval = 30 * 60
    /// How long a visit may last.
    static let lifetime: TimeInterval = 12 * 3600

    /// How far clocks and the notes of a visit's last use may be off.
    private static let tolerance: TimeInterval = 60

    /// How long a proof of more than the password counts as fresh.
    static let proofLifetime: TimeInterval = 10 * 60

    /// Begins a visit under a fresh secret and ends the one it replaces, so that a secret known before the login is worth nothing after.
    ///
    /// - Parameters:
    ///   - secret: from ``SessionSecrets/issue()``.
    ///   - credentialID: the passkey that the visit begins with, if it does.
    ///   - provenAt: when the visit that this one continues began; `nil` for one that was proven now.
    /// - Returns: The secret for the cookie.
    static func begin(
        secret: [UInt8], accountID: Int64, level: Session.Level, isFirstLogin: Bool, credentialID: [UInt8]? = nil,
        provenAt: Date? = nil, replacing old: Session, now: Date, in database: Database
    ) throws -> [UInt8] {
        try end(old, in: database)
        let limit = now.timeIntervalSince1970
        try database.execute(
            cached: "DELETE FROM session WHERE lastUsedAt < ? OR createdAt < ?",
            arguments: [limit - idleLifetime, limit - lifetime])
        try database.execute(
            cached: """
                INSERT INTO session (idHash, accountID, level, isFirstLogin, credentialID, createdAt, lastUsedAt)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                Bytes.value(Secret.digest(secret)), accountID, level.rawValue, isFirstLogin,
                credentialID.map(Bytes.value), (provenAt ?? now).timeIntervalSince1970, limit,
            ])
        return secret
    }

    /// Ends a visit.
    static func end(_ session: Session, in database: Database) throws {
        try database.execute(cached: "DELETE FROM session WHERE idHash = ?", arguments: [Bytes.value(session.idHash)])
    }

    /// Ends every visit of an account.
    static func endAll(of accountID: Int64, in database: Database) throws {
        try database.execute(sql: "DELETE FROM session WHERE accountID = ?", arguments: [accountID])
    }

    /// Ends every visit that began with a passkey.
    static func endAll(begunWith credentialID: [UInt8], in database: Database) throws {
        try database.execute(
            sql: "DELETE FROM session WHERE credentialID = ?", arguments: [Bytes.value(credentialID)])
    }

    /// Whether a visit still goes on: it may have ended while a mail was sent or a password was hashed.
    static func isOpen(_ session: Session, in database: Database) throws -> Bool {
        try isOpen(idHash: session.idHash, in: database)
    }

    /// Whether the visit goes on that the database knows by a hash.
    static func isOpen(idHash: [UInt8], in database: Database) throws -> Bool {
        try Bool.fetchOne(
            database, cached: "SELECT EXISTS (SELECT 1 FROM session WHERE idHash = ?)",
            arguments: [Bytes.value(idHash)]) ?? false
    }

    /// When a visit began.
    static func beginning(of session: Session, in database: Database) throws -> Date? {
        try Double.fetchOne(
            database, sql: "SELECT createdAt FROM session WHERE idHash = ?", arguments: [Bytes.value(session.idHash)]
        ).map(Date.init(timeIntervalSince1970:))
    }

    /// The passkey that a visit began with, if it did.
    static func credentialID(of session: Session, in database: Database) throws -> [UInt8]? {
        try Row.fetchOne(
            database, sql: "SELECT credentialID FROM session WHERE idHash = ? AND credentialID IS NOT NULL",
            arguments: [Bytes.value(session.idHash)]
        ).map { Bytes.column("credentialID", of: $0) }
    }

    /// Notes what a visit wants to change once it has proven more.
    static func note(_ purpose: SessionPurpose, for session: Session, in database: Database) throws {
        try database.execute(
            sql: "UPDATE session SET purpose = ? WHERE idHash = ?",
            arguments: [purpose.rawValue, Bytes.value(session.idHash)])
    }

    /// What was noted.
    static func purpose(of session: Session, in database: Database) throws -> SessionPurpose? {
        try String.fetchOne(
            database, cached: "SELECT purpose FROM session WHERE idHash = ?", arguments: [Bytes.value(session.idHash)]
        ).flatMap(SessionPurpose.init)
    }

    /// Who a cookie belongs to, and whether its last use should be written down.
    static func find(
        secret: [UInt8], now: Date, in database: Database
    ) throws -> (visitor: Session.Visitor, isStale: Bool)? {
        let moment = now.timeIntervalSince1970
        let row = try Row.fetchOne(
            database,
            cached: "SELECT * FROM session WHERE idHash = ? AND lastUsedAt >= ? AND createdAt >= ?",
            arguments: [Bytes.value(Secret.digest(secret)), moment - idleLifetime, moment - lifetime])
        guard let row, let level = Session.Level(rawValue: row["level"]),
            let account = try Account.find(row["accountID"], in: database)
        else { return nil }
        let passkeys = try Row.fetchAll(
            database, cached: "SELECT credentialID, name FROM passkey WHERE accountID = ? ORDER BY createdAt",
            arguments: [account.id])
        let unnamed = passkeys.first { ($0["name"] as String?) == nil }
        let hasOneTimePassword = try Bool.fetchOne(
            database, cached: "SELECT EXISTS (SELECT 1 FROM oneTimePassword WHERE accountID = ?)",
            arguments: [account.id])
        let visitor = Session.Visitor(
            account: account, level: level, isFirstLogin: row["isFirstLogin"], hasPasskeys: !passkeys.isEmpty,
            hasOneTimePassword: hasOneTimePassword ?? false,
            isFreshlyProven: level.isStrong && isFresh(row["createdAt"], at: moment),
            unnamedPasskey: unnamed.map { Bytes.column("credentialID", of: $0) })
        return (visitor, abs(moment - (row["lastUsedAt"] as Double)) > tolerance)
    }

    /// Whether a proof is young; one from the future, by a clock that was put back, could stay young for long.
    private static func isFresh(_ provenAt: Double, at moment: Double) -> Bool {
        (-tolerance...proofLifetime).contains(moment - provenAt)
    }

    /// Writes down that a visit goes on.
    static func touch(secret: [UInt8], now: Date, in database: Database) throws {
        try database.execute(
            sql: "UPDATE session SET lastUsedAt = ? WHERE idHash = ?",
            arguments: [now.timeIntervalSince1970, Bytes.value(Secret.digest(secret))])
    }
}
