public import CSV
public import FoundationEssentials

/// A list of accounts as an insurer's system exports it: a CSV file with a header.
///
/// The columns, in any order: `userID`, `name`, `dateOfBirth` (`1990-01-31`, `1990/01/31` or `19900131`), and either
/// `initialPassword` or both `symbol` and `number`, from which the manual's rule makes the password.
public struct AccountImport: Sendable {
    /// A line that is no account, and why.
    public struct Refusal: Hashable, Sendable, CustomStringConvertible {
        /// The line in the file, from 1.
        public let line: Int
        /// A sentence.
        public let reason: String

        /// Both.
        public var description: String { "line \(line): \(reason)" }
    }

    /// The accounts, when nothing was refused.
    public let users: [NewUser]
    /// The lines that were refused.
    public let refusals: [Refusal]
    /// Where each of the accounts stands in the file, by its user ID in small letters.
    private let lines: [String: Int]

    /// Reads a list.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - now: The moment; nobody is born later.
    /// - Throws: ``AccountImportError`` when the file is no such list at all, or an empty one.
    public init(csv bytes: [UInt8], now: Date) throws(AccountImportError) {
        let table: CSVTable
        var misfits: [CSVTable.Misfit] = []
        do {
            table = try CSVTable(decoding: bytes, misfits: &misfits)
        } catch {
            throw .csv(error)
        }
        let known: Set = ["userID", "name", "dateOfBirth", "initialPassword", "symbol", "number"]
        for column in table.columns where !known.contains(column) { throw .unknownColumn(column) }
        let hasPassword = table.columns.contains("initialPassword")
        let ruleColumns = ["symbol", "number"].filter(table.columns.contains)
        guard hasPassword ? ruleColumns.isEmpty : ruleColumns.count == 2 else { throw .passwordColumns }
        for column in ["userID", "name", "dateOfBirth"] where !table.columns.contains(column) {
            throw .missingColumn(column)
        }
        guard !table.rows.isEmpty || !misfits.isEmpty else { throw .noAccounts }
        var users: [NewUser] = []
        var refusals = misfits.map { misfit in
            let words =
                "\(misfit.fieldCount) field\(misfit.fieldCount == 1 ? "" : "s") instead of \(table.columns.count)"
            return Refusal(line: misfit.line, reason: "it has \(words); put fields with commas into double quotes")
        }
        var lines: [String: Int] = [:]
        for row in table.rows {
            func field(_ column: String) -> String { HalfWidth.trimmed(table.field(column, of: row) ?? "") }
            guard let dateOfBirth = CalendarDate(field("dateOfBirth")) else {
                refusals.append(
                    Refusal(line: row.line, reason: "the date of birth is not a date like 1990-01-31"))
                continue
            }
            let isIncomplete = !hasPassword && ruleColumns.contains { field($0).isEmpty }
            let password =
                hasPassword
                ? field("initialPassword")
                : InitialPassword.rule(symbol: field("symbol"), number: field("number"), dateOfBirth: dateOfBirth)
            let user = NewUser(
                userID: field("userID"), initialPassword: isIncomplete ? "" : password, dateOfBirth: dateOfBirth,
                name: field("name"))
            do throws(PortalAccountError) {
                try user.check(now: now)
                if let earlier = lines[user.userID.lowercased()] {
                    let reason = "line \(earlier) has this user ID, too, capital letters or not"
                    refusals.append(Refusal(line: row.line, reason: reason))
                } else {
                    users.append(user)
                    lines[user.userID.lowercased()] = row.line
                }
            } catch {
                let reason = isIncomplete && error == .initialPassword ? "symbol or number is missing" : "\(error)"
                refusals.append(Refusal(line: row.line, reason: reason))
            }
        }
        self.users = users
        self.refusals = refusals.sorted { $0.line < $1.line }
        self.lines = lines
    }

    /// The lines that were refused, and those whose user ID one of the accounts has already, in order.
    ///
    /// - Throws: An error of the database.
    public func refusals(in accounts: PortalAccounts) async throws -> [Refusal] {
        let taken = try await accounts.taken(users.map(\.userID)).compactMap { taken in
            lines[taken.userID.lowercased()].map {
                Refusal(line: $0, reason: "there is an account with the user ID \(taken.holder) already")
            }
        }
        return (refusals + taken).sorted { $0.line < $1.line }
    }
}

/// Why a file is no list of accounts.
public enum AccountImportError: Error, Hashable, Sendable {
    /// It is no table.
    case csv(CSVError)
    /// A column that is needed is not there.
    case missingColumn(String)
    /// A column is not known.
    case unknownColumn(String)
    /// The columns do not say what the initial passwords are.
    case passwordColumns
    /// There is no line below the header.
    case noAccounts
}

extension AccountImportError: CustomStringConvertible {
    /// A sentence that says what to do.
    public var description: String {
        switch self {
        case .csv(let error): "\(error)"
        case .missingColumn(let name): "the column '\(name)' is missing; the first line names the columns"
        case .unknownColumn(let name):
            "the column '\(name)' is unknown; use userID, name, dateOfBirth, and initialPassword or symbol and number"
        case .passwordColumns: "there must be either a column initialPassword or both columns symbol and number"
        case .noAccounts: "there are no accounts in it; below the header, each line is one"
        }
    }
}
