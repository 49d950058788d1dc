import GRDB
import SoftwareAuthenticator

/// The last signature counter that is reserved.
struct SignatureCounterTable {
    let db: Database

    /// What is reserved so far.
    func value() throws -> UInt32 {
        let value = try Int64.fetchOne(db.cachedStatement(sql: "SELECT value FROM signatureCounter WHERE id = 1"))
        guard let counter = value.flatMap({ UInt32(exactly: $0) }) else {
            throw CredentialStoreError.unavailable("its signature counter is gone; restore the store from a backup")
        }
        return counter
    }

    /// Reserves so many more, or as many as there are left.
    ///
    /// - Returns: the last one before, and the last one now.
    func reserve(_ count: UInt32) throws -> (before: UInt32, last: UInt32) {
        let before = try value()
        guard before < .max else { throw CredentialStoreError.signatureCounterExhausted }
        let (sum, overflows) = before.addingReportingOverflow(count)
        let last = overflows ? UInt32.max : sum
        try set(last)
        return (before, last)
    }

    /// Reserves all up to a count.
    func raise(to count: UInt32) throws {
        if try value() < count { try set(count) }
    }

    private func set(_ value: UInt32) throws {
        try db.cachedStatement(sql: "UPDATE signatureCounter SET value = ? WHERE id = 1").execute(
            arguments: [Int64(value)])
    }
}
