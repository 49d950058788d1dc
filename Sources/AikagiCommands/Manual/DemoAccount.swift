import Portal

/// The account that the demo and `aikagi portal --demo` use, as the insurer's letter would name it.
enum DemoAccount {
    private static let dateOfBirth = "1980-01-23"
    private static let symbol = "1234"
    private static let number = "567"

    /// Adds the account to a portal, at the start of the manual.
    static func add(to accounts: PortalAccounts, userID: String = "demo") async throws -> FirstLogin.Account {
        guard let birth = CalendarDate(dateOfBirth) else { throw WebFailure("the demo's date of birth is no date") }
        let account = account(userID: userID)
        try await accounts.addUser(
            userID: userID, initialPassword: account.initialPassword, dateOfBirth: birth, name: "合鍵 花子")
        return account
    }

    /// The account as the letter names it.
    static func account(userID: String = "demo") -> FirstLogin.Account {
        let birth = CalendarDate(dateOfBirth)
        let initial = birth.map { InitialPassword.rule(symbol: symbol, number: number, dateOfBirth: $0) } ?? ""
        return FirstLogin.Account(
            userID: userID, initialPassword: initial, dateOfBirth: dateOfBirth, mailAddress: "hanako@example.com",
            password: newPassword())
    }

    /// A password as a password manager would make it.
    private static func newPassword() -> String {
        let letters = Array("abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789")
        return String((0..<16).compactMap { _ in letters.randomElement() })
    }
}
