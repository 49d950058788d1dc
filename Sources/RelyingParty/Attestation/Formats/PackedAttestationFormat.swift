public import WebAuthnModel

/// Attestation statement format `packed` (WebAuthn Level 3 §8.2).
///
///     {"alg": COSEAlgorithmIdentifier, "sig": bytes, "x5c": [attestnCert: bytes, * caCert: bytes]}
///     {"alg": COSEAlgorithmIdentifier, "sig": bytes}                        self attestation
public struct PackedAttestationFormat: AttestationStatementFormat {
    /// The format.
    public init() {}

    /// `packed`.
    public var identifier: AttestationFormat { .packed }

    /// The verification procedure of §8.2.
    public func verify(_ attestation: Attestation) throws(AttestationError) -> AttestationEvidence {
        // Step 1: the statement has exactly the format's members.
        let statement = try AttestationStatement(attestation, members: ["alg", "sig", "x5c"])
        let algorithm = try statement.algorithm()
        let signature = try statement.bytes("sig")
        guard statement.has("x5c") else {
            return try verifySelfAttestation(attestation, algorithm: algorithm, signature: signature)
        }
        let (leaf, chain) = try statement.certificates()
        // Step 2, with x5c: the signature verifies with the leaf's key …
        try AttestationStatement.verify(signature, over: attestation.signedBytes, with: leaf, algorithm)
        // … and the leaf meets the requirements of §8.2.1, the AAGUID among them.
        try PackedAttestationCertificate(leaf).check(aaguid: attestation.credential.aaguid)
        return .certified(AttestationTrustPath(type: .basicOrAttestationAuthority, chain: chain))
    }

    /// Step 3, without x5c: the credential's own key signed.
    private func verifySelfAttestation(
        _ attestation: Attestation, algorithm: COSEAlgorithm, signature: [UInt8]
    ) throws(AttestationError) -> AttestationEvidence {
        let key = attestation.credential.publicKey
        guard algorithm == key.algorithm else {
            throw .algorithmMismatch(statement: algorithm, key: key.algorithm)
        }
        try AttestationStatement.verify(
            signature, over: attestation.signedBytes, with: key, verifiers: attestation.verifiers)
        return .selfAttested
    }
}
