import FoundationEssentials
import GRDB
import WebAuthnModel

/// The link that proves that a mail address is the person's own (steps 1.5 to 1.7): only a hash of its token is stored.
enum MailConfirmation {
    /// How long a link works.
    static let lifetime: TimeInterval = 24 * 3600

    /// What a token stands for.
    enum State: Sendable, Equatable {
        /// It can be confirmed.
        case valid
        /// It was confirmed before.
        case used
        /// It is too old.
        case expired
        /// It was never given out, or a newer mail replaced it.
        case unknown
    }

    /// Where the link of a token leads.
    static func path(token: [UInt8]) -> String { "/mail-confirmation/\(Base64URL.encode(token))" }

    /// Stores a token for an account's address in place of all its earlier, unused ones.
    static func open(
        token: [UInt8], for accountID: Int64, address: MailAddress, now: Date, in database: Database
    ) throws {
        try database.execute(
            sql: "DELETE FROM mailConfirmation WHERE accountID = ? AND usedAt IS NULL", arguments: [accountID])
        try database.execute(
            sql: "INSERT INTO mailConfirmation (tokenHash, accountID, mailAddress, expiresAt) VALUES (?, ?, ?, ?)",
            arguments: [
                Bytes.value(Secret.digest(token)), accountID, address.text,
                now.addingTimeInterval(lifetime).timeIntervalSince1970,
            ])
    }

    /// Whether a token can be confirmed.
    static func state(of token: [UInt8], now: Date, in database: Database) throws -> State {
        let row = try Row.fetchOne(
            database, sql: "SELECT expiresAt, usedAt FROM mailConfirmation WHERE tokenHash = ?",
            arguments: [Bytes.value(Secret.digest(token))])
        guard let row else { return .unknown }
        if (row["usedAt"] as Double?) != nil { return .used }
        return (row["expiresAt"] as Double) > now.timeIntervalSince1970 ? .valid : .expired
    }

    /// The account and the new address that a valid token would change, when chapter 1 is behind.
    static func change(
        by token: [UInt8], now: Date, in database: Database
    ) throws -> (account: Account, address: String)? {
        guard try state(of: token, now: now, in: database) == .valid,
            let row = try Row.fetchOne(
                database, sql: "SELECT accountID, mailAddress FROM mailConfirmation WHERE tokenHash = ?",
                arguments: [Bytes.value(Secret.digest(token))]),
            let account = try Account.find(row["accountID"], in: database), account.step == .complete
        else { return nil }
        return (account, row["mailAddress"])
    }

    /// The new address that waits for its confirmation, when chapter 1 is behind.
    static func pendingAddress(of accountID: Int64, now: Date, in database: Database) throws -> String? {
        try String.fetchOne(
            database,
            sql: "SELECT mailAddress FROM mailConfirmation WHERE accountID = ? AND usedAt IS NULL AND expiresAt > ?",
            arguments: [accountID, now.timeIntervalSince1970])
    }

    /// Forgets the new address that waits for its confirmation: whoever asked for it may be the one who was just locked out.
    static func forgetPending(of accountID: Int64, in database: Database) throws {
        try database.execute(
            sql: "DELETE FROM mailConfirmation WHERE accountID = ? AND usedAt IS NULL", arguments: [accountID])
    }

    /// Confirms the address of a valid token, and moves its account on or gives it the new address.
    ///
    /// - Returns: What the token was; only `valid` changed anything.
    static func confirm(token: [UInt8], now: Date, in database: Database) throws -> State {
        let state = try state(of: token, now: now, in: database)
        let hash = Bytes.value(Secret.digest(token))
        guard state == .valid,
            let row = try Row.fetchOne(
                database, sql: "SELECT accountID, mailAddress FROM mailConfirmation WHERE tokenHash = ?",
                arguments: [hash]),
            let account = try Account.find(row["accountID"], in: database)
        else { return state }
        let isChange = account.step == .complete
        guard isChange || account.mailAddress == row["mailAddress"] else { return .unknown }
        let moment = now.timeIntervalSince1970
        if isChange {
            try database.execute(
                sql: "UPDATE account SET mailAddress = ?, mailConfirmedAt = ? WHERE id = ?",
                arguments: [row["mailAddress"] as String, moment, account.id])
        } else {
            let isAdvanced = try account.advance(
                from: [.mailConfirmation], to: .method, setting: [("mailConfirmedAt", moment)], in: database)
            guard isAdvanced else { return .unknown }
        }
        try database.execute(
            sql: "UPDATE mailConfirmation SET usedAt = ? WHERE tokenHash = ?",
            arguments: [now.timeIntervalSince1970, hash])
        return .valid
    }
}
