import FoundationEssentials
import GRDB
import Logging
import Synchronization
import WebAuthnModel

/// Mails that nobody waits for: written in the transaction that they tell of, sent by the portal's service, kept over restarts.
///
/// A mail that is handed over just when the process is killed is sent again, with the same Message-ID.
final class Outbox: Sendable {
    /// How long is waited after the first failure, twice as long after each further one.
    static let firstWait: TimeInterval = 30
    /// The longest wait.
    static let longestWait: TimeInterval = 3600
    /// How often delivery is tried, over about a day.
    static let maximumAttempts = 30

    /// How often is looked for what is due.
    private static let period = Duration.seconds(15)

    /// A mail whose turn it is.
    private struct Mail: Sendable {
        let id: Int64
        let message: MailMessage
        /// This one included.
        let attempts: Int
    }

    private let database: PortalDatabase
    private let transport: any MailTransport
    private let senderName: String
    private let sender: MailAddress
    private let clock: @Sendable () -> Date
    private let logger: Logger
    /// Tells ``run()`` that there is something to send.
    private let signal = Mutex<AsyncStream<Void>.Continuation?>(nil)

    /// A box in a database.
    ///
    /// - Parameters:
    ///   - transport: where the mails go.
    ///   - clock: what time it is.
    init(
        database: PortalDatabase, transport: any MailTransport, senderName: String, sender: MailAddress,
        clock: @escaping @Sendable () -> Date, logger: Logger
    ) {
        self.database = database
        self.transport = transport
        self.senderName = senderName
        self.sender = sender
        self.clock = clock
        self.logger = logger
    }

    /// Writes a mail in the transaction that it tells of; it goes out once that is committed.
    func put(subject: String, text: String, to recipient: MailAddress, in database: Database) throws {
        let moment = clock().timeIntervalSince1970
        try database.execute(
            sql: """
                INSERT INTO outbox (recipient, subject, text, identifier, writtenAt, dueAt, attempts)
                VALUES (?, ?, ?, ?, ?, ?, 0)
                """,
            arguments: [
                recipient.text, subject, text, Base64URL.encode(Secret.random(16)), moment, moment,
            ])
        database.afterNextTransaction { [self] _ in signal.withLock { _ = $0?.yield() } }
    }

    /// Sends what is due, at once and whenever there is more, until the task is cancelled.
    func run() async {
        let (signals, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        signal.withLock { $0 = continuation }
        defer { signal.withLock { $0 = nil } }
        // What an earlier run has left.
        continuation.yield()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    try? await Task.sleep(for: Outbox.period)  // cancelled: the loop ends
                    continuation.yield()
                }
            }
            for await _ in signals { await sendDue() }
            group.cancelAll()
        }
    }

    /// Sends what is due, one mail after the other; what cannot be sent waits for its next turn.
    func sendDue() async {
        do {
            while !Task.isCancelled, let mail = try await next() {
                do {
                    try await transport.deliver(mail.message)
                } catch let error as any MailTransportError {
                    try await failed(mail, "\(error)")
                    continue
                } catch PortalFailure.unavailable {
                    try await failed(mail, "too many mails wait")
                    continue
                }
                try await remove(mail)
            }
        } catch is CancellationError {
            // The portal ends; what is left is sent when it runs again.
        } catch {
            logger.error("outbox not usable", metadata: ["error": "\(error)"])
        }
    }

    /// The mail that is due first; its next turn is noted before it is tried, so that nothing makes it be tried without end.
    private func next() async throws -> Mail? {
        let moment = clock().timeIntervalSince1970
        let (senderName, sender) = (senderName, sender)
        return try await database.writeSoon { database in
            // A turn further off than any wait was noted before the clock was put back.
            let row = try Row.fetchOne(
                database, sql: "SELECT * FROM outbox WHERE dueAt <= ? OR dueAt > ? ORDER BY dueAt, id LIMIT 1",
                arguments: [moment, moment + Outbox.longestWait])
            guard let row else { return nil }
            let id: Int64 = row["id"]
            guard let recipient = MailAddress(row["recipient"] as String) else {
                try database.execute(sql: "DELETE FROM outbox WHERE id = ?", arguments: [id])
                return nil
            }
            let attempts = (row["attempts"] as Int) + 1
            try database.execute(
                sql: "UPDATE outbox SET attempts = ?, dueAt = ? WHERE id = ?",
                arguments: [attempts, moment + Outbox.wait(after: attempts), id])
            return Mail(
                id: id,
                message: MailMessage(
                    senderName: senderName, sender: sender, recipient: recipient, subject: row["subject"],
                    text: row["text"], date: Date(timeIntervalSince1970: row["writtenAt"]),
                    identifier: row["identifier"]),
                attempts: attempts)
        }
    }

    /// How long is waited after so many attempts.
    private static func wait(after attempts: Int) -> TimeInterval {
        var wait = firstWait
        for _ in 1..<max(attempts, 1) where wait < longestWait { wait *= 2 }
        return min(wait, longestWait)
    }

    private func failed(_ mail: Mail, _ reason: String) async throws {
        guard mail.attempts >= Outbox.maximumAttempts else {
            logger.warning("mail not delivered yet", metadata: ["error": "\(reason)", "attempt": "\(mail.attempts)"])
            return
        }
        logger.error("mail given up", metadata: ["error": "\(reason)", "attempt": "\(mail.attempts)"])
        try await remove(mail)
    }

    private func remove(_ mail: Mail) async throws {
        let database = database
        // Not a part of the task that may be cancelled: the mail is gone, and would be sent twice.
        try await Task {
            try await database.write { try $0.execute(sql: "DELETE FROM outbox WHERE id = ?", arguments: [mail.id]) }
        }.value
    }
}
