/// What a verified registration yields.
public struct RegistrationResult: Hashable, Sendable {
    /// The record to store.
    public let record: CredentialRecord
    /// What the attestation said.
    public let attestation: AttestationResult
    /// Whether the user was verified.
    public let userVerified: Bool
    /// Whether the credential is discoverable, as the client claims without signature (`credProps.rk`).
    public let isDiscoverable: Bool?
}
