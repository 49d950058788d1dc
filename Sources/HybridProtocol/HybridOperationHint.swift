/// What the client platform intends to do, for the authenticator's user interface (CTAP 2.3 §11.5.1, QR key 5).
public enum HybridOperationHint: String, Hashable, Sendable, CaseIterable {
    /// An assertion.
    case getAssertion = "ga"
    /// A new credential.
    case makeCredential = "mc"
    /// The presentation of a digital credential.
    case digitalCredentialPresentation = "dcp"
    /// The issuance of a digital credential.
    case digitalCredentialIssuance = "dci"
}
