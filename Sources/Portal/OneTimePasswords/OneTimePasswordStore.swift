import FoundationEssentials
import GRDB

/// The secrets of one-time passwords by app: sealed, one for an account, and one for each visit that sets one up.
enum OneTimePasswordStore {
    /// How long the secret of a set-up waits for its confirmation.
    static let setUpLifetime: TimeInterval = 15 * 60

    /// The secret that a visit sets up: the same after a reload and in a second tab, another one in each other visit.
    static func setUp(
        for session: Session, sealing: SealingKey, now: Date, in database: Database
    ) throws -> TimeBasedOneTimePassword {
        let key = Bytes.value(session.idHash)
        let row = try Row.fetchOne(
            database, sql: "SELECT sealedSecret FROM oneTimePasswordSetUp WHERE sessionIDHash = ? AND expiresAt > ?",
            arguments: [key, now.timeIntervalSince1970])
        // One that another key has sealed is not in use yet: it is replaced.
        if let row, let secret = try? sealing.open(Bytes.column("sealedSecret", of: row), for: place(session)) {
            return TimeBasedOneTimePassword(secret: secret)
        }
        let secret = Secret.random(TimeBasedOneTimePassword.secretByteCount)
        try database.execute(
            sql:
                "INSERT OR REPLACE INTO oneTimePasswordSetUp (sessionIDHash, sealedSecret, expiresAt) VALUES (?, ?, ?)",
            arguments: [
                key, Bytes.value(try sealing.seal(secret, for: place(session))),
                now.addingTimeInterval(setUpLifetime).timeIntervalSince1970,
            ])
        return TimeBasedOneTimePassword(secret: secret)
    }

    /// Takes the secret of a visit's set-up for the account when the code is right; its code cannot be used again.
    ///
    /// - Returns: Whether it was.
    static func confirm(
        code: String, for session: Session, accountID: Int64, sealing: SealingKey, now: Date, in database: Database
    ) throws -> Bool {
        let password = try setUp(for: session, sealing: sealing, now: now, in: database)
        guard let counter = password.acceptedCounter(of: code, at: now, after: .min) else { return false }
        try database.execute(
            sql: """
                INSERT OR REPLACE INTO oneTimePassword (accountID, sealedSecret, lastCounter, createdAt)
                VALUES (?, ?, ?, ?)
                """,
            arguments: [
                accountID, Bytes.value(try sealing.seal(password.secret, for: place(accountID))), counter,
                now.timeIntervalSince1970,
            ])
        return true
    }

    /// Whether a code is right for an account and was never used; from now on it was.
    static func redeem(
        code: String, accountID: Int64, sealing: SealingKey, now: Date, in database: Database
    ) throws -> Bool {
        let row = try Row.fetchOne(
            database, sql: "SELECT sealedSecret, lastCounter FROM oneTimePassword WHERE accountID = ?",
            arguments: [accountID])
        guard let row else { return false }
        let secret = try sealing.open(Bytes.column("sealedSecret", of: row), for: place(accountID))
        let counter = TimeBasedOneTimePassword(secret: secret)
            .acceptedCounter(of: code, at: now, after: row["lastCounter"])
        guard let counter else { return false }
        try database.execute(
            sql: "UPDATE oneTimePassword SET lastCounter = ? WHERE accountID = ?", arguments: [counter, accountID])
        return true
    }

    /// Whether an account has a secret.
    static func exists(accountID: Int64, in database: Database) throws -> Bool {
        try Bool.fetchOne(
            database, sql: "SELECT EXISTS (SELECT 1 FROM oneTimePassword WHERE accountID = ?)", arguments: [accountID])
            ?? false
    }

    /// Forgets an account's secret.
    ///
    /// - Returns: Whether there was one.
    static func remove(accountID: Int64, in database: Database) throws -> Bool {
        try database.execute(sql: "DELETE FROM oneTimePassword WHERE accountID = ?", arguments: [accountID])
        return database.changesCount > 0
    }

    /// Whether a key opens what is sealed; `nil` when nothing is.
    ///
    /// The secret that was sealed last counts: it was sealed with the key that the portal had when it ran last.
    static func isOpened(by sealing: SealingKey?, in database: Database) throws -> Bool? {
        let row = try Row.fetchOne(
            database,
            sql: "SELECT accountID, sealedSecret FROM oneTimePassword ORDER BY createdAt DESC, accountID DESC LIMIT 1")
        guard let row else { return nil }
        let sealed = Bytes.column("sealedSecret", of: row)
        return (try? sealing?.open(sealed, for: place(row["accountID"]))) != nil
    }

    private static func place(_ accountID: Int64) -> String { "one-time password of account \(accountID)" }

    private static func place(_ session: Session) -> String {
        "one-time password set up in \(session.idHash.map { String($0, radix: 16) }.joined(separator: " "))"
    }
}
