import FoundationEssentials
import GRDB
import RelyingParty
import WebAuthnModel

/// WebAuthn ceremonies under way: each belongs to one session, is used once and expires.
enum CeremonyStore {
    /// How many a session may have open; two tabs and a few retries.
    private static let maximumPerSession = 8

    /// Stores a ceremony.
    static func open(_ ceremony: Ceremony, for session: Session, now: Date, in database: Database) throws {
        // A challenge stays known for a while after its end, so that a late answer is told "expired", not "unknown".
        try database.execute(
            sql: "DELETE FROM ceremony WHERE expiresAt < ?", arguments: [now.timeIntervalSince1970 - 3600])
        try database.execute(
            sql: "INSERT INTO ceremony (challenge, sessionIDHash, ceremony, expiresAt) VALUES (?, ?, ?, ?)",
            arguments: [
                Bytes.value(ceremony.challenge.bytes), Bytes.value(session.idHash), try JSONText.encode(ceremony),
                ceremony.expires.timeIntervalSince1970,
            ])
        try database.execute(
            sql: """
                DELETE FROM ceremony WHERE challenge IN (
                    SELECT challenge FROM ceremony WHERE sessionIDHash = ?
                    ORDER BY expiresAt DESC LIMIT -1 OFFSET \(maximumPerSession))
                """,
            arguments: [Bytes.value(session.idHash)])
    }

    /// Takes a ceremony out for its one use.
    ///
    /// - Throws: ``CeremonyError`` for a challenge that is unknown to this session, used or expired.
    static func redeem(
        challenge: [UInt8], for session: Session, now: Date, in database: Database
    ) throws -> Ceremony {
        let key = Bytes.value(challenge)
        let row = try Row.fetchOne(
            database, sql: "SELECT ceremony, expiresAt, usedAt FROM ceremony WHERE challenge = ? AND sessionIDHash = ?",
            arguments: [key, Bytes.value(session.idHash)])
        guard let row else { throw CeremonyError.challengeUnknown }
        guard (row["usedAt"] as Double?) == nil else { throw CeremonyError.challengeUsed }
        guard (row["expiresAt"] as Double) > now.timeIntervalSince1970 else { throw CeremonyError.challengeExpired }
        try database.execute(
            sql: "UPDATE ceremony SET usedAt = ? WHERE challenge = ?",
            arguments: [now.timeIntervalSince1970, key])
        return try JSONText.decode(Ceremony.self, from: row["ceremony"])
    }
}
