import FoundationEssentials
import GRDB
import Glibc

/// Slows repeated attempts down: so many within a sliding window, then a wait until the oldest leaves it.
enum AttemptLimiter {
    /// What is counted.
    ///
    /// The name never reaches the database, only its hash.
    struct Key: Sendable {
        let hash: [UInt8]
        let maximum: Int
        let window: TimeInterval

        /// - Parameter parts: What is counted, and for whom; their lengths set them apart, whatever is typed into them.
        private init(_ parts: String..., maximum: Int, window: TimeInterval) {
            hash = Secret.digest(parts.flatMap { Array("\($0.utf8.count):\($0)".utf8) })
            self.maximum = maximum
            self.window = window
        }

        /// What counts as one address: of IPv6 the first 64 bits, for whoever has one of those addresses has them all.
        private static func group(_ address: String) -> String {
            var bytes = in6_addr()
            guard inet_pton(AF_INET6, address, &bytes) == 1 else { return address }
            let octets = withUnsafeBytes(of: bytes) { Array($0) }
            let isIPv4 = octets.starts(with: [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF])
            return octets.prefix(isIPv4 ? 16 : 8).map { String($0, radix: 16) }.joined(separator: " ")
        }

        /// Passwords for one user ID, whether it exists or not.
        ///
        /// - Parameter browser: what sets one ``KnownBrowser`` apart; `nil` for all others together.
        static func password(userID: String, from browser: String? = nil) -> Key {
            guard let browser else { return Key("password", userID.lowercased(), maximum: 5, window: 15 * 60) }
            return Key("password in a browser", userID.lowercased(), browser, maximum: 5, window: 15 * 60)
        }
        /// Passwords for one user ID in all its known browsers together: marks may be copied or collected.
        static func knownBrowsers(userID: String) -> Key {
            Key("password in known browsers", userID.lowercased(), maximum: 20, window: 15 * 60)
        }
        /// The current password, typed to change it: apart from the login, so that who mistypes it here is not locked out there.
        static func currentPassword(accountID: Int64) -> Key {
            Key("current password", String(accountID), maximum: 5, window: 15 * 60)
        }
        /// Logins from one network address.
        static func address(_ address: String) -> Key { Key("address", group(address), maximum: 50, window: 15 * 60) }
        /// Ceremonies begun from one network address before a login, counted while they may be open; each look at the login
        /// page begins one, for the suggestions.
        static func ceremonies(address: String) -> Key {
            Key("ceremonies", group(address), maximum: 300, window: 5 * 60)
        }
        /// Dates of birth for one account.
        static func dateOfBirth(accountID: Int64) -> Key {
            Key("date of birth", String(accountID), maximum: 5, window: 15 * 60)
        }
        /// One-time passwords for one account, in all its visits.
        static func code(accountID: Int64) -> Key { Key("code", String(accountID), maximum: 5, window: 15 * 60) }
        /// Codes to be sent by mail for one account.
        static func mailCode(accountID: Int64) -> Key {
            Key("mail code", String(accountID), maximum: 10, window: 3600)
        }
        /// Mails to be sent for one account.
        static func mail(accountID: Int64) -> Key { Key("mail", String(accountID), maximum: 5, window: 3600) }
    }

    /// The longest window.
    private static let longestWindow: TimeInterval = 3600

    /// What became of an attempt.
    enum Decision: Sendable, Equatable {
        /// It is counted and may go on; the rows are for ``withdraw(_:in:)``.
        case admitted(rows: [Int64])
        /// It must wait so long.
        case delayed(seconds: Int)
    }

    /// Counts an attempt before its outcome is known, so that many at once are slowed as well.
    static func admit(_ keys: [Key], now: Date, in database: Database) throws -> Decision {
        if let seconds = try delay(keys, now: now, in: database) { return .delayed(seconds: seconds) }
        return .admitted(rows: try count(keys, now: now, in: database))
    }

    /// How many seconds an attempt must wait; `nil` when it may go on.
    ///
    /// Whoever knows the outcome in the same transaction asks this first, and counts what did not turn out well.
    static func delay(_ keys: [Key], now: Date, in database: Database) throws -> Int? {
        let moment = now.timeIntervalSince1970
        try database.execute(cached: "DELETE FROM attempt WHERE at < ?", arguments: [moment - longestWindow])
        // A clock that was put back: what it has counted in the future counts as of now, so that no wait is longer than a window.
        try database.execute(cached: "UPDATE attempt SET at = ? WHERE at > ?", arguments: [moment, moment])
        var wait = 0.0
        for key in keys {
            let times = try Double.fetchAll(
                database, cached: "SELECT at FROM attempt WHERE keyHash = ? AND at > ? ORDER BY at DESC LIMIT ?",
                arguments: [Bytes.value(key.hash), moment - key.window, key.maximum])
            if times.count >= key.maximum, let oldest = times.last { wait = max(wait, oldest + key.window - moment) }
        }
        return wait > 0 ? max(1, Int(wait.rounded(.up))) : nil
    }

    /// Counts an attempt.
    ///
    /// - Returns: The rows, for ``withdraw(_:in:)``.
    @discardableResult
    static func count(_ keys: [Key], now: Date, in database: Database) throws -> [Int64] {
        try keys.map { key in
            try database.execute(
                cached: "INSERT INTO attempt (keyHash, at) VALUES (?, ?)",
                arguments: [Bytes.value(key.hash), now.timeIntervalSince1970])
            return database.lastInsertedRowID
        }
    }

    /// Forgets attempts that turned out well.
    static func withdraw(_ rows: [Int64], in database: Database) throws {
        for row in rows { try database.execute(sql: "DELETE FROM attempt WHERE id = ?", arguments: [row]) }
    }

    /// Forgets the last of the attempts that were counted for a key: it turned out well.
    static func withdrawLast(_ key: Key, in database: Database) throws {
        try database.execute(
            cached:
                "DELETE FROM attempt WHERE id = (SELECT id FROM attempt WHERE keyHash = ? ORDER BY at DESC LIMIT 1)",
            arguments: [Bytes.value(key.hash)])
    }

    /// Forgets everything that was counted for a key.
    static func forgive(_ key: Key, in database: Database) throws {
        try database.execute(sql: "DELETE FROM attempt WHERE keyHash = ?", arguments: [Bytes.value(key.hash)])
    }
}
