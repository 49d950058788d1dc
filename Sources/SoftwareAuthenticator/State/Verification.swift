import WebAuthnModel

/// The user verification that a request came with, or went through.
struct Verification: Sendable {
    /// How the user showed what they showed: `uvm`'s user verification methods (FIDO registry of predefined values).
    enum Method: UInt64, Hashable, Sendable {
        case none = 0x0200
        case presence = 0x0001
        case fingerprint = 0x0002
        case clientPIN = 0x0800
    }

    /// Whether the user is verified.
    var isVerified = false
    /// Whether the user's presence was shown on the way.
    var isPresent = false
    /// How.
    var method = Method.none

    /// How it is said in `uvm`: presence is a method once it was shown.
    var shownMethod: Method { method == .none && isPresent ? .presence : method }

    /// The flags of the authenticator data that this sets.
    var flags: AuthenticatorData.Flags {
        var flags: AuthenticatorData.Flags = []
        if isVerified { flags.insert(.userVerified) }
        if isPresent { flags.insert(.userPresent) }
        return flags
    }
}
