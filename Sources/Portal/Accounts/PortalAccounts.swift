public import FoundationEssentials
import GRDB

/// The accounts of a portal, as whoever runs it manages them.
public struct PortalAccounts: Sendable {
    let database: PortalDatabase
    let passwords: PasswordHasher
    let now: @Sendable () -> Date

    /// The accounts in a database, whether or not a portal runs on it at the same time.
    ///
    /// - Throws: An error of the database or the file system.
    public init(
        databasePath: String, passwordCost: PasswordCost = .standard,
        clock: @escaping @Sendable () -> Date = { Date() }
    ) throws {
        self.init(
            database: try PortalDatabase(path: databasePath), passwords: PasswordHasher(cost: passwordCost), now: clock)
    }

    init(database: PortalDatabase, passwords: PasswordHasher, now: @escaping @Sendable () -> Date) {
        self.database = database
        self.passwords = passwords
        self.now = now
    }

    /// Adds an account that starts at step 1.2 of the manual.
    ///
    /// - Parameters:
    ///   - userID: What the person types to log in, 1 to 64 printable ASCII characters without spaces.
    ///   - initialPassword: The password that works until step 1.9; see ``InitialPassword``.
    ///   - dateOfBirth: The date that step 1.3 asks for.
    ///   - name: The person's name.
    /// - Throws: ``PortalAccountError``, or an error of the database.
    public func addUser(
        userID: String, initialPassword: String, dateOfBirth: CalendarDate, name: String
    ) async throws {
        let user = NewUser(userID: userID, initialPassword: initialPassword, dateOfBirth: dateOfBirth, name: name)
        let taken = try await add([user])
        guard taken.isEmpty else { throw PortalAccountError.userIDTaken }
    }

    /// Adds accounts that start at step 1.2 of the manual: all, or none when one cannot be added.
    ///
    /// - Parameters:
    ///   - users: The accounts.
    ///   - onHashed: Called after each password's hash, the slow part, with how many are done.
    /// - Returns: The user IDs that other accounts have already; then nothing was added.
    /// - Throws: ``PortalAccountError``, or an error of the database.
    public func add(_ users: [NewUser], onHashed: (Int) -> Void = { _ in }) async throws -> [String] {
        for user in users { try user.check(now: now()) }
        let taken = try await taken(users.map(\.userID))
        guard taken.isEmpty else { return taken.map(\.userID) }
        let hashes = try await passwords.hashes(of: users.map(\.initialPassword), onHashed: onHashed)
        let created = now().timeIntervalSince1970
        let rows = zip(users, hashes).map { ($0, $1) }
        do {
            try await database.write { database in
                for (user, hash) in rows {
                    try database.execute(
                        sql: """
                            INSERT INTO account
                                (userID, userHandle, name, dateOfBirth, passwordHash, firstLoginStep, createdAt)
                            SELECT ?, ?, ?, ?, ?, ?, ?
                            WHERE NOT EXISTS (SELECT 1 FROM account WHERE userID COLLATE NOCASE = ?)
                            """,
                        arguments: [
                            user.userID, Bytes.value(Secret.random(32)), user.name, user.dateOfBirth.description, hash,
                            FirstLoginStep.dateOfBirth.rawValue, created, user.userID,
                        ])
                    // Somebody was faster, or the list names it twice.
                    guard database.changesCount == 1 else { throw Taken(userID: user.userID, holder: user.userID) }
                }
            }
        } catch let error as Taken {
            return [error.userID]
        }
        return []
    }

    /// Those of some user IDs that accounts have already, be it with other capital letters.
    func taken(_ userIDs: [String]) async throws -> [Taken] {
        try await database.read { database in
            try userIDs.compactMap { userID in
                try Account.holder(of: userID, in: database).map { Taken(userID: userID, holder: $0) }
            }
        }
    }

    /// Puts an account back to step 1.2 of the manual, as for a person who lost everything: a new initial password; no mail
    /// address, passkey or authenticator app; every visit ends.
    ///
    /// - Parameters:
    ///   - userID: The account's, as a person may type it at the login.
    ///   - initialPassword: The new password, from the date of birth on record.
    /// - Returns: The account's user ID, as it is stored.
    /// - Throws: ``PortalAccountError``, or an error of the database.
    @discardableResult
    public func reset(
        userID: String, initialPassword: @Sendable (CalendarDate) throws -> String
    ) async throws -> String {
        guard let account = try await database.read({ try Account.find(userID: userID, in: $0) }) else {
            throw PortalAccountError.userIDUnknown
        }
        let password = try initialPassword(account.dateOfBirth)
        guard NewUser.isPassword(password) else { throw PortalAccountError.initialPassword }
        let hash = try await passwords.hash(password)
        try await database.write { database in
            try database.execute(
                sql: """
                    UPDATE account SET passwordHash = ?, firstLoginStep = ?, mailAddress = NULL, method = NULL,
                        termsAcceptedAt = NULL, mailConfirmedAt = NULL, firstLoginCompletedAt = NULL WHERE id = ?
                    """, arguments: [hash, FirstLoginStep.dateOfBirth.rawValue, account.id])
            for table in ["session", "passkey", "oneTimePassword", "mailConfirmation"] {
                try database.execute(sql: "DELETE FROM \(table) WHERE accountID = ?", arguments: [account.id])
            }
            // In a known browser, too: it is none any more, and its attempts count for nobody.
            try Account.forgetBrowsers(of: account.id, in: database)
            for key in [
                AttemptLimiter.Key.password(userID: userID), .knownBrowsers(userID: userID),
                .currentPassword(accountID: account.id), .dateOfBirth(accountID: account.id),
                .code(accountID: account.id), .mail(accountID: account.id), .mailCode(accountID: account.id),
            ] { try AttemptLimiter.forgive(key, in: database) }
        }
        return account.userID
    }

    /// All accounts, by their user IDs.
    public func list() async throws -> [AccountSummary] {
        try await database.read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT *, (SELECT count(*) FROM passkey WHERE accountID = account.id) AS passkeys
                    FROM account ORDER BY userID
                    """)
            return rows.compactMap { row in
                Account(row: row).map { account in
                    AccountSummary(
                        userID: account.userID, name: account.name, dateOfBirth: account.dateOfBirth,
                        step: account.step.rawValue,
                        method: account.step == .complete ? account.method.rawValue : nil, passkeyCount: row["passkeys"]
                    )
                }
            }
        }
    }

    /// A user ID that is taken.
    struct Taken: Error {
        /// As it was asked for.
        let userID: String
        /// As the account has it.
        let holder: String
    }
}

/// The manual's rule for the password that a returning person starts with.
public enum InitialPassword {
    /// The insurance card's symbol and number, then the date of birth as `YYYYMMDD` (記号+番号+生年月日).
    ///
    /// Full-width letters and digits become ASCII: a password field is typed into without an input method.
    public static func rule(symbol: String, number: String, dateOfBirth: CalendarDate) -> String {
        HalfWidth.folded(symbol) + HalfWidth.folded(number) + dateOfBirth.compact
    }
}
