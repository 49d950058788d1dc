import Dispatch

/// Hashes and checks passwords one at a time on a thread of its own: scrypt needs a tenth of a second and megabytes, which neither
/// an event loop nor Swift's cooperative threads can spare.
struct PasswordHasher: Sendable {
    private let queue: BlockingQueue
    private let cost: PasswordCost
    /// Compared with when there is no such account, so that the answer takes as long as for a real one.
    private let decoy: PasswordHash

    init(cost: PasswordCost) {
        self.cost = cost
        queue = BlockingQueue(label: "password hashing", maximumWaiting: 64)
        decoy = PasswordHash.decoy(cost: cost)
    }

    /// The stored form of a new password, which is not empty.
    func hash(_ password: String) async throws -> String {
        let cost = cost
        return try await queue.run {
            try PasswordHash(password: password, salt: Secret.random(16), cost: cost).encoded
        }
    }

    /// Whether a password fits a stored form; without one, the same work is done and the answer is `false`.
    func verify(_ password: String, against stored: String?) async throws -> Bool {
        let decoy = decoy
        return try await queue.run {
            guard password.utf8.count <= PasswordPolicy.maximumByteCount else { return false }
            guard let stored else {
                _ = try decoy.matches(password)
                return false
            }
            guard let hash = PasswordHash(stored) else { throw PasswordHasherError.damagedHash }
            return try hash.matches(password)
        }
    }
}

/// Why a password could not be checked.
enum PasswordHasherError: Error, Equatable {
    /// The database holds something that is not a password hash.
    case damagedHash
}

extension PasswordHasherError: CustomStringConvertible {
    /// A sentence for the log.
    var description: String { "the stored password hash is damaged; reset the account's password" }
}
