/// How an account proves more than its password: the manual's a, b and c.
enum AuthenticationMethod: String, Sendable, CaseIterable {
    /// a. Biometrics: a passkey.
    case passkey
    /// b. One-time password by app.
    case totp
    /// c. One-time password by mail.
    case mail

    /// The page that asks for the proof, after the password.
    var proofPath: String {
        switch self {
        case .passkey: "/login/passkey"
        case .totp: "/login/one-time-password"
        case .mail: "/login/mail-code"
        }
    }

    /// The page that sets the method up; by mail there is nothing to set up.
    var setUpPath: String? {
        switch self {
        case .passkey: "/passkeys/new"
        case .totp: "/one-time-password/set-up"
        case .mail: nil
        }
    }

    /// What the method is called.
    var label: Phrase {
        switch self {
        case .passkey: .methodPasskey
        case .totp: .methodTOTP
        case .mail: .methodMail
        }
    }

    /// What it needs and does.
    var hint: Phrase {
        switch self {
        case .passkey: .methodPasskeyHint
        case .totp: .methodTOTPHint
        case .mail: .methodMailHint
        }
    }
}
