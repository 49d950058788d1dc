/// How an authenticator is attached to the client device (WebAuthn Level 3 §5.4.5).
public enum AuthenticatorAttachment: String, Hashable, Sendable, CaseIterable {
    /// Part of the client device.
    case platform
    /// Removable, or another device.
    case crossPlatform = "cross-platform"
}
