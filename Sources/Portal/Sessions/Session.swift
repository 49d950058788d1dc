import Crypto
import Foundation
import WebAuthnModel

/// A browser's visit.
///
/// The secret lives in the cookie; the database knows its hash, and only once somebody has logged in.
struct Session: Sendable {
    /// What the visitor has proven.
    enum Level: String, Sendable {
        /// The password.
        case password
        /// A passkey, with user verification.
        case passkey
        /// The password, and a code of the authenticator app.
        case totp
        /// The password, and a code sent by mail.
        case mail

        /// Whether more than the password was proven.
        var isStrong: Bool { self != .password }
    }

    /// Somebody who has logged in.
    struct Visitor: Sendable {
        /// The account.
        var account: Account
        /// What was proven.
        var level: Level
        /// Whether chapter 1 was not complete when the visit began: it ends with a log-out (step 1.11).
        var isFirstLogin: Bool
        /// Whether the account has a passkey.
        var hasPasskeys: Bool
        /// Whether the account has an authenticator app.
        var hasOneTimePassword: Bool
        /// Whether more than the password was proven within the last minutes: what changes the account asks for that.
        var isFreshlyProven: Bool
        /// A passkey that waits for its name (steps 2-1.6, 2-2.4).
        var unnamedPasskey: [UInt8]?

        /// Whether the account can prove more than its password.
        var isSetUp: Bool {
            switch account.method {
            case .passkey: hasPasskeys
            case .totp: hasOneTimePassword
            case .mail: true
            }
        }

        /// Whether settings may be changed that decide how one logs in: nothing is set up yet, or it was just proven.
        var mayChangeLogin: Bool { !isSetUp || (level.isStrong && isFreshlyProven) }
    }

    /// The bytes of the cookie.
    let secret: [UInt8]
    /// Whether the browser does not have the cookie yet.
    let isNew: Bool
    /// Who is here; `nil` before the login.
    var visitor: Visitor?

    /// The visit of a request as long as, or because, the real one could not be looked up: no form is accepted in it.
    static func unknown() -> Session { Session(secret: Secret.random(32), isNew: true, visitor: nil) }

    /// What the database knows the visit by.
    var idHash: [UInt8] { Secret.digest(secret) }

    /// The token that every form carries: bound to the visit, of no use elsewhere.
    var formToken: String {
        let code = HMAC<SHA256>.authenticationCode(for: Array("form".utf8), using: SymmetricKey(data: secret))
        return Base64URL.encode(code)
    }

    /// The page that is due.
    var duePath: String {
        guard let visitor else { return "/login" }
        if visitor.account.step != .complete { return visitor.account.step.path }
        if visitor.isFirstLogin { return FirstLoginStep.complete.path }
        if !visitor.isSetUp, let path = visitor.account.method.setUpPath { return path }
        if !visitor.level.isStrong { return visitor.account.method.proofPath }
        if visitor.unnamedPasskey != nil { return "/passkeys/name" }
        return "/top"
    }

    /// Whether chapter 1 is behind, and everything that the account has was proven.
    var isInside: Bool {
        ["/passkeys/new", "/one-time-password/set-up", "/passkeys/name", "/top"].contains(duePath)
    }

    /// Whether a passkey may be added now.
    var mayAddPasskey: Bool { isInside && visitor?.mayChangeLogin == true }
}
