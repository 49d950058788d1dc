import FoundationEssentials
import GRDB
import RelyingParty
import WebAuthnModel

/// WebAuthn ceremonies under way: each belongs to one session, is used once and expires.
///
/// Their number is bounded, separately for visitors who have logged in and for those who have not. When it is reached,
/// the one that expires first makes room: whoever floods the portal makes others start again, but never makes a
/// challenge valid twice.
enum CeremonyStore {
    /// How many a session may have open; two tabs and a few retries.
    private static let maximumPerSession = 8
    /// How many there may be of visitors who have logged in, and as many of visitors who have not.
    static let capacity = 10_000

    /// Stores a ceremony.
    static func open(
        _ ceremony: Ceremony, for session: Session, now: Date, capacity: Int = capacity, in database: Database
    ) throws {
        // A challenge stays known for a while after its end, so that a late answer is told "expired", not "unknown".
        // Not so when nobody has logged in: anybody may begin such a ceremony, so it is kept no longer than it is of use.
        let moment = now.timeIntervalSince1970
        let isAnonymous = session.visitor == nil
        try database.execute(
            cached:
                "DELETE FROM ceremony WHERE (isAnonymous = 1 AND expiresAt <= ?) OR (isAnonymous = 0 AND expiresAt < ?)",
            arguments: [moment, moment - 3600])
        try database.execute(
            cached: """
                INSERT INTO ceremony (challenge, sessionIDHash, ceremony, expiresAt, isAnonymous)
                VALUES (?, ?, ?, ?, ?)
                """,
            arguments: [
                Bytes.value(ceremony.challenge.bytes), Bytes.value(session.idHash), try JSONText.encode(ceremony),
                ceremony.expires.timeIntervalSince1970, isAnonymous,
            ])
        try database.execute(
            cached: """
                DELETE FROM ceremony WHERE challenge IN (
                    SELECT challenge FROM ceremony WHERE sessionIDHash = ?
                    ORDER BY expiresAt DESC LIMIT -1 OFFSET \(maximumPerSession))
                """,
            arguments: [Bytes.value(session.idHash)])
        try database.execute(
            cached: """
                DELETE FROM ceremony WHERE challenge IN (
                    SELECT challenge FROM ceremony WHERE isAnonymous = ? ORDER BY expiresAt DESC LIMIT -1 OFFSET ?)
                """,
            arguments: [isAnonymous, capacity])
    }

    /// Takes a ceremony out for its one use.
    ///
    /// - Throws: ``CeremonyError`` for a challenge that is unknown to this session, used or expired.
    static func redeem(
        challenge: [UInt8], for session: Session, now: Date, in database: Database
    ) throws -> Ceremony {
        let key = Bytes.value(challenge)
        let row = try Row.fetchOne(
            database,
            cached: "SELECT ceremony, expiresAt, usedAt FROM ceremony WHERE challenge = ? AND sessionIDHash = ?",
            arguments: [key, Bytes.value(session.idHash)])
        guard let row else { throw CeremonyError.challengeUnknown }
        guard (row["usedAt"] as Double?) == nil else { throw CeremonyError.challengeUsed }
        guard (row["expiresAt"] as Double) > now.timeIntervalSince1970 else { throw CeremonyError.challengeExpired }
        try database.execute(
            cached: "UPDATE ceremony SET usedAt = ? WHERE challenge = ?",
            arguments: [now.timeIntervalSince1970, key])
        return try JSONText.decode(Ceremony.self, from: row["ceremony"])
    }

    /// Forgets the ceremonies of a visit that goes on under another secret: nobody can answer them any more.
    static func removeAll(of session: Session, in database: Database) throws {
        try database.execute(
            cached: "DELETE FROM ceremony WHERE sessionIDHash = ?", arguments: [Bytes.value(session.idHash)])
    }
}
