public import SwiftASN1
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
    /// A key signed that certificates vouch for.
    case certified(AttestationTrustPath)
    /// Several statements, each with its evidence.
    case compound([AttestationComponent])
}

/// One statement of a compound one.
public struct AttestationComponent: Hashable, Sendable {
    /// The statement's format.
    public let format: AttestationFormat
    /// What it offers.
    public let evidence: AttestationEvidence
}

/// The certificates that come with an attestation, and what is known of them so far.
public struct AttestationTrustPath: Hashable, Sendable {
    /// Who vouches, and for what.
    public let type: CertifiedAttestationType
    /// The certificates, leaf first.
    public let chain: [Certificate]
    /// Extensions of the leaf that the format's procedure has understood, beyond those of RFC 5280.
    public let understoodExtensions: [ASN1ObjectIdentifier]

    /// Puts the parts together.
    public init(
        type: CertifiedAttestationType, chain: [Certificate], understoodExtensions: [ASN1ObjectIdentifier] = []
    ) {
        self.type = type
        self.chain = chain
        self.understoodExtensions = understoodExtensions
    }
}

/// The attestation types that come with certificates (WebAuthn Level 3 §6.5.3).
public enum CertifiedAttestationType: String, Hashable, Sendable {
    /// The key of a model or batch signed.
    case basic = "Basic"
    /// A key signed that an attestation authority certified for one authenticator.
    case attestationAuthority = "AttCA"
    /// A certificate was made for this credential alone.
    case anonymizationAuthority = "AnonCA"
    /// One of the first two: the statement does not tell.
    case basicOrAttestationAuthority = "Basic or AttCA"
}
