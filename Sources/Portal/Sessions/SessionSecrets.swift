import Crypto

/// Makes the secrets of visits and recognises them: random bytes, and a tag that only this portal can compute.
///
/// A visitor who has not logged in is thus known to have been here without a row in the database, and an invented cookie
/// is worth nothing. The key lives as long as the process: after a restart, who has not logged in gets a new cookie, and
/// who has is found in the database.
struct SessionSecrets: Sendable {
    /// The length of a secret.
    static let byteCount = randomByteCount + tagByteCount

    private static let randomByteCount = 32
    private static let tagByteCount = 16
    private let key = SymmetricKey(size: .bits256)

    /// A fresh secret.
    func issue() -> [UInt8] {
        let random = Secret.random(SessionSecrets.randomByteCount)
        return random + tag(of: random)
    }

    /// Whether a secret was issued here since the portal started.
    func isIssued(_ secret: [UInt8]) -> Bool {
        guard secret.count == SessionSecrets.byteCount else { return false }
        let random = Array(secret.prefix(SessionSecrets.randomByteCount))
        return Secret.areEqual(tag(of: random), Array(secret.suffix(SessionSecrets.tagByteCount)))
    }

    private func tag(of random: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: random, using: key).prefix(SessionSecrets.tagByteCount))
    }
}
