import Crypto
import CryptoExtras
import Foundation

/// A stored password: `$scrypt$ln=15,r=8,p=3$salt$hash`, salt and hash in unpadded base64 (the PHC string format).
struct PasswordHash: Sendable, Equatable {
    let cost: PasswordCost
    let salt: [UInt8]
    let key: [UInt8]

    /// Derives a key from a password that is not empty: from its UTF-8 as it comes.
    ///
    /// It is not normalised, so letters that a keyboard composes in two ways (`é` of one scalar or two) are two passwords.
    init(password: String, salt: [UInt8], cost: PasswordCost) throws {
        self.cost = cost
        self.salt = salt
        key = try PasswordHash.derive(password, salt: salt, cost: cost)
    }

    /// What no password matches, except by a chance of 1 in 2²⁵⁶; checking one against it costs what it always costs.
    static func decoy(cost: PasswordCost) -> PasswordHash {
        PasswordHash(cost: cost, salt: Secret.random(16), key: Secret.random(32))
    }

    private init(cost: PasswordCost, salt: [UInt8], key: [UInt8]) {
        self.cost = cost
        self.salt = salt
        self.key = key
    }

    /// Reads the stored form; `nil` when it is damaged.
    init?(_ text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt" else { return nil }
        let parameters = parts[2].split(separator: ",")
        guard parameters.count == 3, let rounds = PasswordHash.number("ln", parameters[0]),
            let blockSize = PasswordHash.number("r", parameters[1]),
            let parallelism = PasswordHash.number("p", parameters[2]),
            let cost = PasswordCost(logarithmOfRounds: rounds, blockSize: blockSize, parallelism: parallelism),
            let salt = PasswordHash.bytes(parts[3]), let key = PasswordHash.bytes(parts[4]), key.count == 32
        else { return nil }
        self.cost = cost
        self.salt = salt
        self.key = key
    }

    /// The stored form.
    var encoded: String {
        "$scrypt$ln=\(cost.logarithmOfRounds),r=\(cost.blockSize),p=\(cost.parallelism)"
            + "$\(PasswordHash.text(salt))$\(PasswordHash.text(key))"
    }

    /// Whether a password is the one this was made from.
    func matches(_ password: String) throws -> Bool {
        guard !password.isEmpty else { return false }
        return Secret.areEqual(key, try PasswordHash.derive(password, salt: salt, cost: cost))
    }

    private static func derive(_ password: String, salt: [UInt8], cost: PasswordCost) throws -> [UInt8] {
        let key = try KDF.Scrypt.deriveKey(
            from: Array(password.utf8), salt: salt, outputByteCount: 32, rounds: 1 << cost.logarithmOfRounds,
            blockSize: cost.blockSize, parallelism: cost.parallelism)
        return key.withUnsafeBytes { Array($0) }
    }

    private static func number(_ name: String, _ parameter: Substring) -> Int? {
        guard parameter.hasPrefix(name + "=") else { return nil }
        return Int(parameter.dropFirst(name.count + 1))
    }

    private static func text(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().filter { $0 != "=" }
    }

    private static func bytes(_ text: Substring) -> [UInt8]? {
        let padding = String(repeating: "=", count: (4 - text.count % 4) % 4)
        return Data(base64Encoded: text + padding).map(Array.init)
    }
}
