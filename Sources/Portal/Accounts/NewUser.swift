import FoundationEssentials

/// An account to be added.
public struct NewUser: Sendable {
    let userID: String
    let initialPassword: String
    let dateOfBirth: CalendarDate
    let name: String

    /// An account; ``PortalAccounts/add(_:)`` checks it.
    public init(userID: String, initialPassword: String, dateOfBirth: CalendarDate, name: String) {
        self.userID = userID
        self.initialPassword = initialPassword
        self.dateOfBirth = dateOfBirth
        self.name = name
    }

    /// Whether a text can be a user ID: 1 to 64 printable ASCII characters without spaces.
    static func isUserID(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// Whether an initial password will do.
    static func isPassword(_ text: String) -> Bool { (1...PasswordPolicy.maximumByteCount).contains(text.utf8.count) }

    /// Checks what can be checked without the other accounts.
    ///
    /// - Parameter now: The moment; nobody is born later.
    func check(now: Date) throws(PortalAccountError) {
        guard NewUser.isUserID(userID) else { throw .userID }
        guard NewUser.isPassword(initialPassword) else { throw .initialPassword }
        let isPlain = !name.unicodeScalars.contains { $0.properties.generalCategory == .control }
        guard !name.isEmpty, name.utf8.count <= 200, isPlain else { throw .name }
        guard !dateOfBirth.isFuture(at: now) else { throw .dateOfBirth }
    }
}

/// What is known about an account without its secrets.
public struct AccountSummary: Sendable, Hashable {
    /// What the person types to log in.
    public let userID: String
    /// The person's name.
    public let name: String
    /// The date that step 1.3 asks for.
    public let dateOfBirth: CalendarDate
    /// What the first login waits for: `dateOfBirth`, `terms`, `mailAddress`, `mailConfirmation`, `method`, `newPassword`, or
    /// `complete`.
    public let step: String
    /// How the person proves more than the password: `passkey`, `totp`, `mail`; `nil` during the first login.
    public let method: String?
    /// How many passkeys there are.
    public let passkeyCount: Int
}
