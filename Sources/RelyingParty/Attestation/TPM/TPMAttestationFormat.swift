import SwiftASN1
public import WebAuthnModel
import X509

/// Attestation statement format `tpm` (WebAuthn Level 3 §8.3).
///
///     {"ver": "2.0", "alg": COSEAlgorithmIdentifier, "x5c": [aikCert: bytes, * caCert: bytes],
///      "sig": bytes, "certInfo": bytes, "pubArea": bytes}
public struct TPMAttestationFormat: AttestationStatementFormat {
    /// The format.
    public init() {}

    /// `tpm`.
    public var identifier: AttestationFormat { .tpm }

    /// The verification procedure of §8.3.
    public func verify(_ attestation: Attestation) throws(AttestationError) -> AttestationEvidence {
        // The statement has exactly the format's members.
        let statement = try AttestationStatement(
            attestation, members: ["ver", "alg", "x5c", "sig", "certInfo", "pubArea"])
        guard try statement.text("ver") == "2.0" else { throw .defect(.tpmVersion) }
        let algorithm = try statement.algorithm()
        let signature = try statement.bytes("sig")
        let certInfo = try statement.bytes("certInfo")
        let pubArea = try statement.bytes("pubArea")
        // pubArea describes the credential's key.
        guard let publicArea = TPMPublicArea(pubArea) else { throw .defect(.tpmPublicAreaMalformed) }
        guard publicArea.isFor(attestation.credential.publicKey) else { throw .defect(.tpmPublicAreaKey) }
        // certInfo is valid: magic, type, extraData, name.
        guard let certification = TPMCertification(certInfo) else { throw .defect(.tpmCertificationMalformed) }
        guard certification.magic == TPMCertification.generatedMagic else { throw .defect(.tpmMagic) }
        guard certification.type == TPMCertification.certifyType else { throw .defect(.tpmType) }
        guard let hash = TPMHash(of: algorithm) else { throw .signature(.algorithm(algorithm)) }
        guard certification.extraData == hash.hash(attestation.signedBytes) else { throw .defect(.tpmExtraData) }
        guard certification.name == Self.name(of: pubArea, publicArea.nameAlgorithm) else {
            throw .defect(.tpmName)
        }
        // x5c is there, and its first key made the signature. TPMs still sign with SHA-1; the nonce in what they sign
        // is a hash that nobody chooses.
        let (leaf, chain) = try statement.certificates()
        try AttestationStatement.verify(signature, over: certInfo, with: leaf, algorithm, allowsSHA1: true)
        // The leaf meets the requirements of §8.3.1 …
        try TPMAttestationCertificate(leaf).check()
        // … and, where it names a model, names this one.
        try leaf.checkAAGUID(attestation.credential.aaguid)
        return .certified(
            AttestationTrustPath(
                type: .attestationAuthority, chain: chain,
                understoodExtensions: TPMAttestationCertificate.understoodExtensions))
    }

    /// A Name: nameAlg ‖ hash of the public area (TPM 2.0 Part 1 §16).
    private static func name(of publicArea: [UInt8], _ algorithm: TPMHash) -> [UInt8] {
        let number = algorithm.rawValue
        return [UInt8(number >> 8), UInt8(number & 0xFF)] + algorithm.hash(publicArea)
    }
}
