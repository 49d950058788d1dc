import Crypto
public import WebAuthnModel
import X509

/// Attestation statement format `fido-u2f` (WebAuthn Level 3 §8.6): `{"x5c": [attestnCert: bytes], "sig": bytes}`.
public struct FIDOU2FAttestationFormat: AttestationStatementFormat {
    /// The format.
    public init() {}

    /// `fido-u2f`.
    public var identifier: AttestationFormat { .fidoU2F }

    /// The verification procedure of §8.6.
    public func verify(_ attestation: Attestation) throws(AttestationError) -> AttestationEvidence {
        // Step 1: the statement has exactly the format's members.
        let statement = try AttestationStatement(attestation, members: ["x5c", "sig"])
        let signature = try statement.bytes("sig")
        // Step 2: one certificate, whose key is on P-256.
        let (leaf, chain) = try statement.certificates()
        guard chain.count == 1 else { throw .defect(.u2fCertificateCount) }
        guard P256.Signing.PublicKey(leaf.publicKey) != nil else { throw .defect(.u2fCertificateKey) }
        // Step 3: what the authenticator data claims.
        let credential = attestation.credential
        // Step 4: the credential's key, in the form of U2F. Reading a COSE key has checked the lengths.
        guard case .ec2(.es256, .p256, let x, let y) = credential.publicKey else {
            throw .defect(.u2fCredentialKey)
        }
        let publicKey = [0x04] + x + y
        // Step 5: what is signed.
        let data =
            [0x00] + attestation.data.relyingPartyIDHash + attestation.clientDataHash + credential.credentialID
            + publicKey
        // Step 6: the signature.
        try AttestationStatement.verify(signature, over: data, with: leaf, .es256)
        // Steps 7 and 8.
        return .certified(AttestationTrustPath(type: .basicOrAttestationAuthority, chain: chain))
    }
}
