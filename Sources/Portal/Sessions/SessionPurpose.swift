/// What a visit wanted to change when a fresh proof was asked for: where it goes on afterwards.
///
/// Never a path that a browser sends: nothing leads to another site.
enum SessionPurpose: String, Sendable, CaseIterable {
    /// How one logs in.
    case method
    /// The password.
    case password
    /// The mail address.
    case mailAddress
    /// The passkeys.
    case passkeys
    /// Another passkey.
    case anotherPasskey
    /// A first passkey, to log in with from then on.
    case passkeyAsMethod

    /// The page that is gone on with.
    var path: String {
        switch self {
        case .method: "/settings/method"
        case .password: "/settings/password"
        case .mailAddress: "/settings/mail-address"
        case .passkeys: "/settings/passkeys"
        case .anotherPasskey, .passkeyAsMethod: "/passkeys/new"
        }
    }
}
