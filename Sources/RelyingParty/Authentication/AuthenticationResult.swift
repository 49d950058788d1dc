/// What a verified authentication yields.
public struct AuthenticationResult: Hashable, Sendable {
    /// The record with its new state: store it in place of the old one.
    public let record: CredentialRecord
    /// Whether the user was verified.
    public let userVerified: Bool
}
