import Crypto
public import FoundationEssentials
import SwiftASN1
import WebAuthnModel
public import X509

/// Which attestation a relying party accepts.
public struct AttestationPolicy: Sendable {
    /// The verification procedures, one per format.
    public let formats: [any AttestationStatementFormat]
    /// The certificates that attestation chains may end at, whatever the model.
    public let trustAnchors: [Certificate]
    /// What is known about models: roots of their own, and whether they are compromised.
    public let metadata: MetadataBLOB?
    /// Whether a registration is refused unless a chain leads to a trust anchor.
    public let requiresTrust: Bool

    /// The procedures of every format of WebAuthn Level 3 §8.
    public static let allFormats: [any AttestationStatementFormat] =
        simpleFormats + [CompoundAttestationFormat(of: simpleFormats)]

    private static let simpleFormats: [any AttestationStatementFormat] = [
        NoneAttestationFormat(), PackedAttestationFormat(), TPMAttestationFormat(), AndroidKeyAttestationFormat(),
        AndroidSafetyNetAttestationFormat(), FIDOU2FAttestationFormat(), AppleAttestationFormat(),
    ]

    /// Describes a policy; the default verifies whatever comes in a format of the specification and trusts nobody.
    public init(
        formats: [any AttestationStatementFormat] = allFormats, trustAnchors: [Certificate] = [],
        metadata: MetadataBLOB? = nil, requiresTrust: Bool = false
    ) {
        self.formats = formats
        self.trustAnchors = trustAnchors
        self.metadata = metadata
        self.requiresTrust = requiresTrust
    }

    /// Verifies an attestation and says how far it can be believed (WebAuthn Level 3 §7.1 steps 21–24).
    ///
    /// - Parameters:
    ///   - attestation: the attestation, with the time at which it was made.
    ///   - statusTime: the time whose status of the model counts; that of the attestation, when absent.
    public func assess(
        _ attestation: Attestation, statusAt statusTime: Date? = nil
    ) async throws(AttestationError) -> AttestationResult {
        // Step 21: the format, compared case-sensitively.
        let identifier = attestation.object.format
        guard let format = formats.first(where: { $0.identifier == identifier }) else {
            throw .formatUnsupported(identifier, supported: formats.map(\.identifier))
        }
        // Step 22: the statement.
        let evidence = try format.verify(attestation)
        // Steps 23 and 24: trust anchors, and how far the attestation can be believed.
        let result = try await judge(
            evidence, format: identifier, of: attestation, statusAt: statusTime ?? attestation.now)
        if requiresTrust, !result.trust.isTrusted { throw .untrusted(Self.distrust(result.trust)) }
        return result
    }

    private func judge(
        _ evidence: AttestationEvidence, format: AttestationFormat, of attestation: Attestation, statusAt time: Date
    ) async throws(AttestationError) -> AttestationResult {
        let aaguid = attestation.credential.aaguid
        // U2F signs no AAGUID (§8.6): a claim in it must not decide what is known about the model.
        let entry = entry(for: format == .fidoU2F ? .zero : aaguid, evidence)
        let chain: [[UInt8]]
        let trust: AttestationTrust
        switch evidence {
        case .none: (trust, chain) = (.none, [])
        case .selfAttested: (trust, chain) = (.selfAttested, [])
        case .certified(let path):
            chain = try Self.encode(path.chain)
            let verifier = TrustPathVerifier(
                trustAnchors: trustAnchors + (entry?.rootCertificates ?? []), now: attestation.now)
            trust = .certified(path.type, chain: chain, distrust: await verifier.distrust(of: path))
        case .compound(let components):
            var results: [AttestationResult] = []
            for component in components {
                let result = try await judge(
                    component.evidence, format: component.format, of: attestation, statusAt: time)
                results.append(result)
            }
            (trust, chain) = (.compound(results), [])
        }
        // A model that is known to be compromised is refused even where no trust is required: who claims to be one
        // has no reason to lie.
        if let report = entry?.compromise(of: chain, now: time) {
            throw .compromised(AuthenticatorModel(description: entry?.description ?? "", status: report.status))
        }
        return AttestationResult(format: format, trust: trust, aaguid: aaguid, model: entry?.model)
    }

    /// The metadata of the model: by AAGUID, or, for authenticators that have none, by the certificate's key.
    private func entry(for aaguid: AAGUID, _ evidence: AttestationEvidence) -> MetadataEntry? {
        guard let metadata else { return nil }
        if aaguid != .zero { return metadata.entry(for: aaguid) }
        guard case .certified(let path) = evidence, let leaf = path.chain.first else { return nil }
        return metadata.entry(
            forKeyIdentifier: Array(Insecure.SHA1.hash(data: Array(leaf.publicKey.subjectPublicKeyInfoBytes))))
    }

    private static func distrust(_ trust: AttestationTrust) -> String {
        switch trust {
        case .none: "there is none"
        case .selfAttested: "it is self attestation, which nobody vouches for"
        case .certified(_, _, let distrust): distrust ?? ""
        case .compound(let results): results.map { Self.distrust($0.trust) }.joined(separator: "; ")
        }
    }

    private static func encode(_ chain: [Certificate]) throws(AttestationError) -> [[UInt8]] {
        var encoded: [[UInt8]] = []
        for (index, certificate) in chain.enumerated() {
            var serializer = DER.Serializer()
            do {
                try serializer.serialize(certificate)
            } catch {
                throw .certificateUnreadable(index: index)
            }
            encoded.append(serializer.serializedBytes)
        }
        return encoded
    }
}
