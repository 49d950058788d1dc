import FoundationEssentials
import SwiftASN1
@_spi(FixedExpiryValidationTime) import X509

/// Decides whether a certificate chain leads to a trust anchor at some time (RFC 5280 §6).
struct TrustPathVerifier {
    let trustAnchors: [Certificate]
    /// The caller's clock: this module has none of its own.
    let now: Date

    /// Why the chain does not lead to a trust anchor, or `nil` if it does.
    func distrust(of path: AttestationTrustPath) async -> String? {
        guard let leaf = path.chain.first else { return "the chain is empty" }
        guard !trustAnchors.isEmpty else { return "no trust anchors are set" }
        // X.509 has no other times, and its verifier no answer to them.
        guard (0..<253_402_300_800).contains(now.timeIntervalSince1970) else {
            return "the time is not between 1970 and 9999"
        }
        let policy = AttestationChainPolicy(understoodInLeaf: path.understoodExtensions)
        for (index, certificate) in path.chain.enumerated() {
            if let oid = policy.firstUnknownCriticalExtension(of: certificate, isLeaf: index == 0) {
                return "certificate \(index) has the critical extension \(oid), which is not understood"
            }
        }
        let fixedTime = now
        var verifier = Verifier(rootCertificates: CertificateStore(trustAnchors)) {
            RFC5280Policy(fixedExpiryValidationTime: fixedTime)
            policy
        }
        switch await verifier.validate(
            leaf: leaf, intermediates: CertificateStore(Self.distinct(path.chain.dropFirst())))
        {
        case .validCertificate: return nil
        case .couldNotValidate(let failures):
            return failures.last.map { "\($0.policyFailureReason)" } ?? "its chain does not lead to a trust anchor"
        }
    }

    /// One certificate for each subject and key.
    ///
    /// Several would let a stranger make a web of certificates that sign each
    /// other, with more paths through it than anybody can follow.
    private static func distinct(_ certificates: some Sequence<Certificate>) -> [Certificate] {
        var distinct: [Certificate] = []
        for certificate in certificates {
            let isKnown = distinct.contains {
                $0.subject == certificate.subject && $0.publicKey == certificate.publicKey
            }
            if !isKnown { distinct.append(certificate) }
        }
        return distinct
    }
}

/// What is demanded of attestation chains beyond RFC 5280's basics.
struct AttestationChainPolicy: VerifierPolicy, Sendable {
    /// Extensions that the attestation format has read in the leaf.
    let understoodInLeaf: [ASN1ObjectIdentifier]

    /// What `RFC5280Policy` handles.
    private static let basics: [ASN1ObjectIdentifier] = [
        .X509ExtensionID.basicConstraints, .X509ExtensionID.nameConstraints, .X509ExtensionID.keyUsage,
    ]

    var verifyingCriticalExtensions: [ASN1ObjectIdentifier] { understoodInLeaf }

    func firstUnknownCriticalExtension(of certificate: Certificate, isLeaf: Bool) -> ASN1ObjectIdentifier? {
        let understood = isLeaf ? Self.basics + understoodInLeaf : Self.basics
        return certificate.extensions.first { $0.critical && !understood.contains($0.oid) }?.oid
    }

    func chainMeetsPolicyRequirements(chain: UnverifiedCertificateChain) -> PolicyEvaluationResult {
        for (index, certificate) in chain.enumerated() where index > 0 {
            if let oid = firstUnknownCriticalExtension(of: certificate, isLeaf: false) {
                return .failsToMeetPolicy(
                    reason: "an issuer's certificate has the critical extension \(oid), which is not understood")
            }
            // A certificate that states what its key is for must state that it signs certificates.
            do {
                if let usage = try certificate.extensions.keyUsage, !usage.keyCertSign {
                    return .failsToMeetPolicy(reason: "an issuer's key is not for signing certificates")
                }
            } catch {
                return .failsToMeetPolicy(reason: "an issuer's key usage cannot be read")
            }
        }
        return .meetsPolicy
    }
}
