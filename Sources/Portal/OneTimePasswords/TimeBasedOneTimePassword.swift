import Crypto
import FoundationEssentials

/// One-time passwords by app (RFC 6238 over RFC 4226): HMAC-SHA-1, six digits, steps of 30 seconds, which every authenticator app
/// understands.
struct TimeBasedOneTimePassword: Sendable, Equatable {
    /// The bytes that a fresh secret has: as many as SHA-1 yields (RFC 4226 §4, R6).
    static let secretByteCount = 20
    /// The length of a step, in seconds.
    static let period: TimeInterval = 30
    /// How many digits a code has.
    static let digitCount = 6
    /// How many steps before and after the present one are taken, for clocks that differ (RFC 6238 §5.2).
    static let window: Int64 = 1

    /// What the portal and the app share.
    let secret: [UInt8]

    /// The step of a moment.
    static func counter(at date: Date) -> Int64 {
        Int64(exactly: (date.timeIntervalSince1970 / period).rounded(.down)) ?? 0
    }

    /// The code of a step (RFC 4226 §5.3).
    func code(counter: Int64) -> String {
        let message = (0..<8).map { UInt8(truncatingIfNeeded: counter >> (56 - 8 * $0)) }
        let digest = Array(
            HMAC<Insecure.SHA1>.authenticationCode(for: message, using: SymmetricKey(data: secret)))
        // SHA-1 yields 20 bytes and the offset is at most 15: four bytes follow it.
        let offset = Int(digest[19] & 15)
        let number = digest[offset..<offset + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
        let digits = String(number % 1_000_000)
        return String(repeating: "0", count: TimeBasedOneTimePassword.digitCount - digits.count) + digits
    }

    /// The step whose code somebody typed, among those near a moment and later than one that was used before.
    ///
    /// - Returns: `nil` for a wrong, too old, too new or replayed code; how long that takes does not depend on the code.
    func acceptedCounter(of code: String, at date: Date, after last: Int64) -> Int64? {
        let now = TimeBasedOneTimePassword.counter(at: date)
        let typed = Array(code.utf8)
        var accepted: Int64?
        for step in -TimeBasedOneTimePassword.window...TimeBasedOneTimePassword.window {
            let isEqual = Secret.areEqual(Array(self.code(counter: now + step).utf8), typed)
            if isEqual, now + step > last, accepted == nil { accepted = now + step }
        }
        return accepted
    }

    /// The URI that an app takes from a QR code: `otpauth://totp/ISSUER:ACCOUNT?secret=…&issuer=…`.
    func uri(issuer: String, account: String) -> String {
        let issuer = TimeBasedOneTimePassword.escaped(issuer)
        return "otpauth://totp/\(issuer):\(TimeBasedOneTimePassword.escaped(account))"
            + "?secret=\(Base32.encode(secret))&issuer=\(issuer)&algorithm=SHA1"
            + "&digits=\(TimeBasedOneTimePassword.digitCount)&period=\(Int(TimeBasedOneTimePassword.period))"
    }

    /// Percent-encodes everything but unreserved characters (RFC 3986 §2.3).
    private static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            let scalar = UnicodeScalar(byte)
            let isUnreserved =
                byte < 0x80 && (scalar.properties.isAlphabetic || "-._~0123456789".unicodeScalars.contains(scalar))
            if isUnreserved { return String(scalar) }
            let digits = String(byte, radix: 16, uppercase: true)
            return byte < 16 ? "%0\(digits)" : "%\(digits)"
        }.joined()
    }
}

/// What somebody types where a code of six digits is asked for.
enum TypedCode {
    /// The digits; full-width ones are taken, and the spaces or hyphens that apps and mails show between groups.
    static func digits(_ text: String) -> String {
        HalfWidth.folded(String(text.prefix(32))).filter { !$0.isWhitespace && $0 != "-" }
    }
}
