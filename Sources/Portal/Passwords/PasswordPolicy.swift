/// What a new password must be (step 1.9): long rather than intricate, and nothing that the portal's own letter gives away.
enum PasswordPolicy {
    /// The fewest characters.
    static let minimumCount = 10
    /// The most bytes of UTF-8, so that nobody makes the portal hash megabytes.
    static let maximumByteCount = 256

    /// Why a new password is refused; `nil` when it is fine.
    ///
    /// Whether it is the initial one is asked of its hash elsewhere.
    static func objection(to password: String, for account: Account) -> Phrase? {
        let lowercased = password.lowercased()
        if password.count < minimumCount { return .passwordTooShort }
        if password.utf8.count > maximumByteCount { return .passwordTooLong }
        let containsUserID = account.userID.count >= 4 && lowercased.contains(account.userID.lowercased())
        if containsUserID || password.contains(account.dateOfBirth.compact) { return .passwordPersonal }
        if Set(password).count < 5 { return .passwordTooSimple }
        return nil
    }
}
