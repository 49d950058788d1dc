import CBOR
import SwiftASN1
public import WebAuthnModel
import X509

/// Attestation statement format `packed` (WebAuthn Level 3 §8.2).
///
///     {"alg": COSEAlgorithmIdentifier, "sig": bytes, "x5c": [attestnCert: bytes, * caCert: bytes]}
///     {"alg": COSEAlgorithmIdentifier, "sig": bytes}                        self attestation
public struct PackedAttestationFormat: AttestationStatementFormat {
    /// The format.
    public init() {}

    /// `packed`.
    public var identifier: AttestationFormat { .packed }

    /// The most certificates that a chain may have.
    static let maximumCertificateCount = 8

    /// The verification procedure of §8.2.
    public func verify(_ attestation: Attestation) throws(AttestationError) -> AttestationEvidence {
        // Step 1: the statement has exactly the format's members.
        let statement = attestation.object.statement
        guard let number = statement["alg"]?.integer else { throw .statementMember("alg") }
        guard let signature = statement["sig"]?.bytes else { throw .statementMember("sig") }
        for entry in statement.entries where !["alg", "sig", "x5c"].contains(entry.key) {
            throw .statementMember(entry.key.text ?? "(not a text)")
        }
        let algorithm = COSEAlgorithm(rawValue: number)
        guard let item = statement["x5c"] else {
            return try verifySelfAttestation(attestation, algorithm: algorithm, signature: signature)
        }
        let chain = try Self.certificates(item)
        guard let leaf = chain.first else { throw .certificateCount(0) }
        // Step 2, with x5c: the signature verifies with the leaf's key …
        guard let key = leaf.publicKey.coseKey(algorithm: algorithm) else { throw .certificateKey }
        try Self.verify(signature, with: key, over: attestation.signedBytes)
        // … and the leaf meets the requirements of §8.2.1, the AAGUID among them.
        try PackedAttestationCertificate(leaf).check(aaguid: attestation.credential.aaguid)
        return .certificates(chain)
    }

    /// Step 3, without x5c: the credential's own key signed.
    private func verifySelfAttestation(
        _ attestation: Attestation, algorithm: COSEAlgorithm, signature: [UInt8]
    ) throws(AttestationError) -> AttestationEvidence {
        let key = attestation.credential.publicKey
        guard algorithm == key.algorithm else {
            throw .algorithmMismatch(statement: algorithm, key: key.algorithm)
        }
        try Self.verify(signature, with: key, over: attestation.signedBytes)
        return .selfAttested
    }

    private static func verify(
        _ signature: [UInt8], with key: COSEKey, over data: [UInt8]
    ) throws(AttestationError) {
        do throws(SignatureError) {
            try VerificationKey(key).verify(signature, over: data)
        } catch {
            throw .signature(error)
        }
    }

    private static func certificates(_ item: CBORValue) throws(AttestationError) -> [Certificate] {
        guard let items = item.array else { throw .statementMember("x5c") }
        guard 1...maximumCertificateCount ~= items.count else { throw .certificateCount(items.count) }
        var chain: [Certificate] = []
        for (index, item) in items.enumerated() {
            guard let bytes = item.bytes else { throw .statementMember("x5c") }
            do {
                chain.append(try Certificate(derEncoded: bytes))
            } catch {
                throw .certificateUnreadable(index: index)
            }
        }
        return chain
    }
}
