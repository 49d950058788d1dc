import SwiftASN1
public import WebAuthnModel
import X509

/// Attestation statement format `android-key` (WebAuthn Level 3 §8.4).
///
///     {"alg": COSEAlgorithmIdentifier, "sig": bytes, "x5c": [credCert: bytes, * caCert: bytes]}
public struct AndroidKeyAttestationFormat: AttestationStatementFormat {
    private let requiresTrustedEnvironment: Bool

    /// The format.
    ///
    /// - Parameter requiresTrustedEnvironment: whether only what a trusted execution environment enforces counts;
    ///   otherwise software may enforce it.
    public init(requiresTrustedEnvironment: Bool = false) {
        self.requiresTrustedEnvironment = requiresTrustedEnvironment
    }

    /// `android-key`.
    public var identifier: AttestationFormat { .androidKey }

    /// The verification procedure of §8.4.
    public func verify(_ attestation: Attestation) throws(AttestationError) -> AttestationEvidence {
        // The statement has exactly the format's members.
        let statement = try AttestationStatement(attestation, members: ["alg", "sig", "x5c"])
        let algorithm = try statement.algorithm()
        let signature = try statement.bytes("sig")
        let (leaf, chain) = try statement.certificates()
        // The signature verifies with the leaf's key.
        try AttestationStatement.verify(signature, over: attestation.signedBytes, with: leaf, algorithm)
        // The leaf's key is the credential's.
        guard leaf.isFor(attestation.credential.publicKey) else { throw .defect(.androidKeyMismatch) }
        guard let item = leaf.extensions[oid: AndroidKeyDescription.oid], let key = AndroidKeyDescription(item.value)
        else { throw .defect(.androidKeyDescription) }
        // The challenge is the client data hash.
        guard key.attestationChallenge == attestation.clientDataHash else { throw .defect(.androidKeyChallenge) }
        // The key is bound to the browser: neither list has allApplications.
        guard !key.softwareEnforced.allApplications, !key.teeEnforced.allApplications else {
            throw .defect(.androidKeyAllApplications)
        }
        // Origin and purpose, in the list of the trusted environment or in the union of both.
        let lists = requiresTrustedEnvironment ? [key.teeEnforced] : [key.teeEnforced, key.softwareEnforced]
        let origins = lists.compactMap(\.origin)
        guard !origins.isEmpty, origins.allSatisfy({ $0 == AndroidKeyDescription.originGenerated }) else {
            throw .defect(.androidKeyOrigin)
        }
        let purposes = Set(lists.flatMap(\.purposes))
        guard purposes == [AndroidKeyDescription.purposeSign] else { throw .defect(.androidKeyPurpose) }
        return .certified(
            AttestationTrustPath(type: .basic, chain: chain, understoodExtensions: [AndroidKeyDescription.oid]))
    }
}
