public import WebAuthnModel
public import X509

/// The verification procedure of one attestation statement format (WebAuthn Level 3 §6.5.4).
public protocol AttestationStatementFormat: Sendable {
    /// The format's identifier.
    var identifier: AttestationFormat { get }

    /// Throws unless the statement is a correct one about this authenticator data and client data.
    ///
    /// - Returns: what has to be assessed: nothing, self attestation, or a certificate chain with the leaf first.
    func verify(_ attestation: Attestation) throws(AttestationError) -> AttestationEvidence
}

/// What a correct attestation statement offers for assessment.
public enum AttestationEvidence: Hashable, Sendable {
    /// No attestation.
    case none
    /// The credential's own key signed.
    case selfAttested
    /// A key signed whose certificate is the first of this trust path.
    case certificates([Certificate])
}
