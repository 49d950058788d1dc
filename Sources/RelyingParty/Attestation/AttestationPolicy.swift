import FoundationEssentials
import SwiftASN1
import WebAuthnModel
@_spi(FixedExpiryValidationTime) public import X509

/// Which attestation a relying party accepts.
public struct AttestationPolicy: Sendable {
    /// The verification procedures, one per format.
    public let formats: [any AttestationStatementFormat]
    /// The certificates that attestation chains may end at.
    public let trustAnchors: [Certificate]
    /// Whether a registration is refused unless its chain leads to a trust anchor.
    public let requiresTrust: Bool

    /// Describes a policy; the default verifies whatever comes in the two common formats and trusts nobody.
    public init(
        formats: [any AttestationStatementFormat] = [NoneAttestationFormat(), PackedAttestationFormat()],
        trustAnchors: [Certificate] = [], requiresTrust: Bool = false
    ) {
        self.formats = formats
        self.trustAnchors = trustAnchors
        self.requiresTrust = requiresTrust
    }

    /// WebAuthn Level 3 §7.1 steps 21–24.
    func assess(_ attestation: Attestation, now: Date) async throws(AttestationError) -> AttestationResult {
        // Step 21: the format, compared case-sensitively.
        let identifier = attestation.object.format
        guard let format = formats.first(where: { $0.identifier == identifier }) else {
            throw .formatUnsupported(identifier, supported: formats.map(\.identifier))
        }
        // Step 22: the statement.
        let evidence = try format.verify(attestation)
        // Steps 23 and 24: trust anchors, and how far the attestation can be believed.
        switch evidence {
        case .none:
            guard !requiresTrust else { throw .untrusted("there is none") }
            return AttestationResult(format: identifier, trust: .none)
        case .selfAttested:
            guard !requiresTrust else { throw .untrusted("it is self attestation, which nobody vouches for") }
            return AttestationResult(format: identifier, trust: .selfAttested)
        case .certificates(let chain):
            let reason = await distrust(of: chain, now: now)
            if requiresTrust, let reason { throw .untrusted(reason) }
            return AttestationResult(
                format: identifier, trust: .basic(trusted: reason == nil, chain: try Self.encode(chain)))
        }
    }

    /// Why the chain does not lead to a trust anchor at this time, or `nil` if it does (RFC 5280 §6).
    private func distrust(of chain: [Certificate], now: Date) async -> String? {
        guard let leaf = chain.first else { return "the chain is empty" }
        guard !trustAnchors.isEmpty else { return "no trust anchors are set" }
        // The fixed time is the caller's clock: this module has none of its own.
        var verifier = Verifier(rootCertificates: CertificateStore(trustAnchors)) {
            RFC5280Policy(fixedExpiryValidationTime: now)
        }
        switch await verifier.validate(leaf: leaf, intermediates: CertificateStore(chain.dropFirst())) {
        case .validCertificate: return nil
        case .couldNotValidate(let failures):
            return failures.last.map { "\($0.policyFailureReason)" } ?? "its chain does not lead to a trust anchor"
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
