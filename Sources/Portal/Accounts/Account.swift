import GRDB
import WebAuthnModel

/// A person's account.
struct Account: Sendable, Equatable {
    /// The row.
    let id: Int64
    /// What the person types to log in.
    let userID: String
    /// The WebAuthn user handle: 32 random bytes, says nothing about the person.
    let userHandle: [UInt8]
    /// The person's name.
    let name: String
    /// The date that step 1.3 asks for.
    let dateOfBirth: CalendarDate
    /// The scrypt hash of the password in force.
    let passwordHash: String
    /// Where chapter 1 stands.
    let step: FirstLoginStep
    /// The address of step 1.5, confirmed once the step is past `mailConfirmation`.
    let mailAddress: String?
    /// How it proves more than its password, from step 1.8 on.
    let method: AuthenticationMethod
    /// What the marks of its known browsers belong to: others are void; empty before the first was voided.
    let browserEpoch: [UInt8]
    /// The language that it used last; `nil` before its first page.
    let language: Language?
}

extension Account {
    /// Reads a row of `account`; `nil` when it holds a value of a later version.
    init?(row: Row) {
        guard let dateOfBirth = CalendarDate(row["dateOfBirth"] as String),
            let step = FirstLoginStep(rawValue: row["firstLoginStep"])
        else { return nil }
        self.init(
            id: row["id"], userID: row["userID"], userHandle: Bytes.column("userHandle", of: row), name: row["name"],
            dateOfBirth: dateOfBirth, passwordHash: row["passwordHash"], step: step, mailAddress: row["mailAddress"],
            method: (row["method"] as String?).flatMap(AuthenticationMethod.init) ?? .passkey,
            browserEpoch: Bytes.column("browserEpoch", of: row),
            language: (row["language"] as String?).flatMap { Language(rawValue: $0) })
    }

    /// The account with a row number.
    static func find(_ id: Int64, in database: Database) throws -> Account? {
        try Row.fetchOne(database, cached: "SELECT * FROM account WHERE id = ?", arguments: [id]).flatMap(Account.init)
    }

    /// The account that a person names at login: the very user ID, else the only one that differs from it in nothing but capital
    /// letters, which keyboards of phones put where nobody asked for them.
    ///
    /// Only what can be a user ID is looked for: SQLite's text ends at NUL, so that what follows one would name the same account
    /// and be another to the limit of attempts.
    static func find(userID: String, in database: Database) throws -> Account? {
        guard NewUser.isUserID(userID) else { return nil }
        let rows = try Row.fetchAll(
            database,
            cached: "SELECT * FROM account WHERE userID COLLATE NOCASE = ? ORDER BY userID = ? DESC LIMIT 2",
            arguments: [userID, userID])
        guard let first = rows.first, rows.count == 1 || first["userID"] == userID else { return nil }
        return Account(row: first)
    }

    /// The user ID of an account that leaves no room for another one with a user ID: they are the same but for capital letters.
    static func holder(of userID: String, in database: Database) throws -> String? {
        try String.fetchOne(
            database, cached: "SELECT userID FROM account WHERE userID COLLATE NOCASE = ? ORDER BY userID = ? DESC",
            arguments: [userID, userID])
    }

    /// The account with a WebAuthn user handle.
    static func find(userHandle: [UInt8], in database: Database) throws -> Account? {
        try Row.fetchOne(
            database, cached: "SELECT * FROM account WHERE userHandle = ?", arguments: [Bytes.value(userHandle)]
        )
        .flatMap(Account.init)
    }

    /// Changes how the account proves more than its password; a secret that is no longer of use goes.
    ///
    /// - Returns: What has changed, for ``PortalCore/notify(of:_:_:in:)``.
    static func setMethod(
        _ method: AuthenticationMethod, of accountID: Int64, in database: Database
    ) throws -> [Phrase] {
        guard let account = try find(accountID, in: database) else { return [] }
        try database.execute(
            sql: "UPDATE account SET method = ? WHERE id = ?", arguments: [method.rawValue, accountID])
        var changes: [Phrase] = method == account.method ? [] : [.noticeMailMethod]
        if method != .totp, try OneTimePasswordStore.remove(accountID: accountID, in: database) {
            changes.append(.noticeMailAppRemoved)
        }
        return changes
    }

    /// Notes the language that the account uses.
    static func note(_ language: Language, of accountID: Int64, in database: Database) throws {
        try database.execute(
            sql: "UPDATE account SET language = ? WHERE id = ?", arguments: [language.rawValue, accountID])
    }

    /// Voids the marks of all its known browsers.
    static func forgetBrowsers(of accountID: Int64, in database: Database) throws {
        try database.execute(
            sql: "UPDATE account SET browserEpoch = ? WHERE id = ?",
            arguments: [Bytes.value(Secret.random(16)), accountID])
    }

    /// Moves chapter 1 on, if and only if it still stands where the caller saw it.
    ///
    /// - Returns: `false` when another tab, browser or retry was faster; nothing has changed then.
    func advance(
        from steps: Set<FirstLoginStep>, to next: FirstLoginStep,
        setting columns: [(String, (any DatabaseValueConvertible)?)] = [],
        in database: Database
    ) throws -> Bool {
        guard let current = try Account.find(id, in: database), steps.contains(current.step) else { return false }
        var arguments: [(any DatabaseValueConvertible)?] = [next.rawValue]
        var assignments = ["firstLoginStep = ?"]
        for (column, value) in columns {
            assignments.append("\(column) = ?")
            arguments.append(value)
        }
        arguments.append(id)
        try database.execute(
            sql: "UPDATE account SET \(assignments.joined(separator: ", ")) WHERE id = ?",
            arguments: StatementArguments(arguments))
        return true
    }
}
