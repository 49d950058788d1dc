public import WebAuthnModel

/// What a verified attestation says about the authenticator.
public struct AttestationResult: Hashable, Sendable {
    /// The statement's format.
    public let format: AttestationFormat
    /// How far it can be believed.
    public let trust: AttestationTrust

    /// Puts the parts together.
    public init(format: AttestationFormat, trust: AttestationTrust) {
        self.format = format
        self.trust = trust
    }
}

/// How far an attestation can be believed.
public enum AttestationTrust: Hashable, Sendable {
    /// There is none: the AAGUID is a claim.
    case none
    /// The credential's own key signed: the AAGUID is a claim.
    case selfAttested
    /// A certified key signed; with `trusted`, the chain leads to one of the policy's trust anchors.
    ///
    /// The chain is in DER, leaf first, as the authenticator sent it.
    case basic(trusted: Bool, chain: [[UInt8]])
}
