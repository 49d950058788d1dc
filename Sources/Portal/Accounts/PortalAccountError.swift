/// Why an account was not added.
public enum PortalAccountError: Error, Hashable, Sendable {
    /// The user ID is empty, too long or has characters that are hard to type.
    case userID
    /// Another account has this user ID, or one that differs from it in capital letters only.
    case userIDTaken
    /// No account has this user ID.
    case userIDUnknown
    /// The initial password is empty or too long.
    case initialPassword
    /// The name is empty or too long.
    case name
    /// The date of birth is in the future.
    case dateOfBirth
}

extension PortalAccountError: CustomStringConvertible {
    /// A sentence that says what to do.
    public var description: String {
        switch self {
        case .userID: "the user ID must have 1 to 64 printable ASCII characters and no space"
        case .userIDTaken:
            "another account has this user ID, capital letters or not; choose a different one"
        case .userIDUnknown:
            "no account has this user ID, or two differ from it in capital letters; `aikagi portal users list` shows all"
        case .initialPassword: "the initial password must have 1 to \(PasswordPolicy.maximumByteCount) bytes"
        case .name: "the name must have 1 to 200 bytes and no control characters"
        case .dateOfBirth: "the date of birth is in the future"
        }
    }
}
