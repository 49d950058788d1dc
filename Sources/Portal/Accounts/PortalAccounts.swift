import FoundationEssentials
import GRDB

/// The accounts of a portal, as whoever runs it manages them.
public struct PortalAccounts: Sendable {
    let database: PortalDatabase
    let passwords: PasswordHasher
    let now: @Sendable () -> Date

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
        let isPrintable = userID.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        guard (1...64).contains(userID.utf8.count), isPrintable else { throw PortalAccountError.userID }
        guard (1...PasswordPolicy.maximumByteCount).contains(initialPassword.utf8.count) else {
            throw PortalAccountError.initialPassword
        }
        guard !name.isEmpty, name.utf8.count <= 200 else { throw PortalAccountError.name }
        let hash = try await passwords.hash(initialPassword)
        let created = now().timeIntervalSince1970
        let userHandle = Secret.random(32)
        let isAdded = try await database.write { database in
            try database.execute(
                sql: """
                    INSERT INTO account
                        (userID, userHandle, name, dateOfBirth, passwordHash, firstLoginStep, createdAt)
                    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (userID) DO NOTHING
                    """,
                arguments: [
                    userID, Bytes.value(userHandle), name, dateOfBirth.description, hash,
                    FirstLoginStep.dateOfBirth.rawValue, created,
                ])
            return database.changesCount == 1
        }
        guard isAdded else { throw PortalAccountError.userIDTaken }
    }
}

/// The manual's rule for the password that a returning person starts with.
public enum InitialPassword {
    /// The insurance card's symbol and number, then the date of birth as `YYYYMMDD` (記号+番号+生年月日).
    public static func rule(symbol: String, number: String, dateOfBirth: CalendarDate) -> String {
        symbol + number + dateOfBirth.compact
    }
}

/// Why an account was not added.
public enum PortalAccountError: Error, Hashable, Sendable {
    /// The user ID is empty, too long or has characters that are hard to type.
    case userID
    /// Another account has this user ID.
    case userIDTaken
    /// The initial password is empty or too long.
    case initialPassword
    /// The name is empty or too long.
    case name
}

extension PortalAccountError: CustomStringConvertible {
    /// A sentence that says what to do.
    public var description: String {
        switch self {
        case .userID: "the user ID must have 1 to 64 printable ASCII characters and no space"
        case .userIDTaken: "another account has this user ID; choose a different one"
        case .initialPassword: "the initial password must have 1 to \(PasswordPolicy.maximumByteCount) bytes"
        case .name: "the name must have 1 to 200 bytes"
        }
    }
}
