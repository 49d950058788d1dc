import FoundationEssentials
import GRDB

/// One-time passwords by mail: six random digits for one visit, good once and for a short while.
enum MailCode {
    /// How long a code works.
    static let lifetime: TimeInterval = 10 * 60
    /// How many wrong codes void the right one.
    static let maximumAttempts = 5

    /// What became of a typed code.
    enum Outcome: Sendable, Equatable {
        /// It is right; it is used now.
        case right
        /// It is wrong.
        case wrong
        /// The visit has no code: none was sent, or it is used, void or expired.
        case none
    }

    /// A random code.
    static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return String((0..<6).map { _ in "0123456789".randomElement(using: &generator) ?? "0" })
    }

    /// Stores a code for a visit in place of its earlier one: only a tag of it is kept.
    static func open(
        _ code: String, for sessionIDHash: [UInt8], sealing: SealingKey, now: Date, in database: Database
    ) throws {
        try database.execute(
            sql: "INSERT OR REPLACE INTO mailCode (sessionIDHash, tag, expiresAt, attempts) VALUES (?, ?, ?, 0)",
            arguments: [
                Bytes.value(sessionIDHash), Bytes.value(sealing.tag(of: code, for: place(sessionIDHash))),
                now.addingTimeInterval(lifetime).timeIntervalSince1970,
            ])
    }

    /// Whether a visit has a code that can still be used.
    static func isOpen(for session: Session, now: Date, in database: Database) throws -> Bool {
        try Bool.fetchOne(
            database,
            sql: """
                SELECT EXISTS (SELECT 1 FROM mailCode WHERE sessionIDHash = ? AND expiresAt > ? AND attempts < ?)
                """,
            arguments: [Bytes.value(session.idHash), now.timeIntervalSince1970, maximumAttempts]) ?? false
    }

    /// Checks a code, counting the attempt; a right one is used up.
    static func redeem(
        code: String, for session: Session, sealing: SealingKey, now: Date, in database: Database
    ) throws -> Outcome {
        guard try isOpen(for: session, now: now, in: database),
            let row = try Row.fetchOne(
                database, sql: "SELECT tag FROM mailCode WHERE sessionIDHash = ?",
                arguments: [Bytes.value(session.idHash)])
        else { return .none }
        let key = Bytes.value(session.idHash)
        let typed = sealing.tag(of: code, for: place(session.idHash))
        guard Secret.areEqual(Bytes.column("tag", of: row), typed) else {
            try database.execute(
                sql: "UPDATE mailCode SET attempts = attempts + 1 WHERE sessionIDHash = ?", arguments: [key])
            return .wrong
        }
        try database.execute(sql: "DELETE FROM mailCode WHERE sessionIDHash = ?", arguments: [key])
        return .right
    }

    private static func place(_ sessionIDHash: [UInt8]) -> String {
        "mail code of \(sessionIDHash.map { String($0, radix: 16) }.joined(separator: " "))"
    }
}
