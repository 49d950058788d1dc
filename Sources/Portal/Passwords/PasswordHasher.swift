import Dispatch
import Foundation

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

    /// The stored forms of many new passwords, none of which is empty, in their order; all processors take part.
    ///
    /// - Parameter onHashed: Called after each, with how many are done.
    func hashes(of passwords: [String], onHashed: (Int) -> Void) async throws -> [String] {
        let cost = cost
        // Each thread needs the memory of one hash: a machine of many processors must not run out of it.
        let threadCount = min(passwords.count, ProcessInfo.processInfo.activeProcessorCount, 16)
        var waiting = Array(passwords.enumerated())[...]
        return try await withThrowingTaskGroup(of: (Int, String, BlockingQueue).self) { group in
            func hashNext(on queue: BlockingQueue) {
                guard let (index, password) = waiting.popFirst() else { return }
                group.addTask {
                    let hash = try await queue.run {
                        try PasswordHash(password: password, salt: Secret.random(16), cost: cost).encoded
                    }
                    return (index, hash, queue)
                }
            }
            for number in 0..<threadCount {
                hashNext(on: BlockingQueue(label: "password hashing \(number)", maximumWaiting: 1))
            }
            var hashes = [String](repeating: "", count: passwords.count)
            var doneCount = 0
            while let (index, hash, queue) = try await group.next() {
                try Task.checkCancellation()
                hashes[index] = hash
                doneCount += 1
                onHashed(doneCount)
                hashNext(on: queue)
            }
            return hashes
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
