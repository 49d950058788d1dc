import Crypto
import SwiftASN1
public import WebAuthnModel
import X509

/// Attestation statement format `apple` (WebAuthn Level 3 §8.8): `{"x5c": [credCert: bytes, * caCert: bytes]}`.
///
/// The first devices sent a member `alg` besides; it is not looked at.
public struct AppleAttestationFormat: AttestationStatementFormat {
    /// The format.
    public init() {}

    /// `apple`.
    public var identifier: AttestationFormat { .apple }

    static let nonceExtension: ASN1ObjectIdentifier = [1, 2, 840, 113635, 100, 8, 2]

    /// The verification procedure of §8.8.
    public func verify(_ attestation: Attestation) throws(AttestationError) -> AttestationEvidence {
        // Step 1: the statement has the format's members.
        let (leaf, chain) = try AttestationStatement(attestation, members: ["x5c", "alg"]).certificates()
        // Steps 2 and 3: the nonce.
        let nonce = Array(SHA256.hash(data: attestation.signedBytes))
        // Step 4: the certificate has it.
        guard let item = leaf.extensions[oid: Self.nonceExtension], let certified = Self.nonce(in: item) else {
            throw .defect(.appleNonceExtension)
        }
        guard certified == nonce else { throw .defect(.appleNonce) }
        // Step 5: the certificate is for the credential's key.
        guard leaf.isFor(attestation.credential.publicKey) else { throw .defect(.appleKey) }
        // Step 6.
        return .certified(
            AttestationTrustPath(
                type: .anonymizationAuthority, chain: chain, understoodExtensions: [Self.nonceExtension]))
    }

    /// `SEQUENCE { nonce [1] EXPLICIT OCTET STRING }`.
    private static func nonce(in item: Certificate.Extension) -> [UInt8]? {
        do {
            return try DER.sequence(DER.parse(item.value), identifier: .sequence) { nodes in
                try DER.explicitlyTagged(&nodes, tagNumber: 1, tagClass: .contextSpecific) { node in
                    Array(try ASN1OctetString(derEncoded: node).bytes)
                }
            }
        } catch {
            return nil
        }
    }
}
