public import WebAuthnModel

/// What a verified attestation says about the authenticator.
public struct AttestationResult: Hashable, Sendable {
    /// The statement's format.
    public let format: AttestationFormat
    /// How far it can be believed.
    public let trust: AttestationTrust
    /// The model that the authenticator says it is; a claim, unless the attestation is trusted.
    public let aaguid: AAGUID
    /// What the policy's metadata say about the model.
    public let model: AuthenticatorModel?

    /// Puts the parts together.
    public init(
        format: AttestationFormat, trust: AttestationTrust, aaguid: AAGUID, model: AuthenticatorModel? = nil
    ) {
        self.format = format
        self.trust = trust
        self.aaguid = aaguid
        self.model = model
    }
}

/// How far an attestation can be believed.
public enum AttestationTrust: Hashable, Sendable {
    /// There is none: the AAGUID is a claim.
    case none
    /// The credential's own key signed: the AAGUID is a claim.
    case selfAttested
    /// A certified key signed.
    ///
    /// The chain is in DER, leaf first, as the authenticator sent it; `distrust` says why it does not lead to a trust
    /// anchor, and is `nil` when it does.
    case certified(CertifiedAttestationType, chain: [[UInt8]], distrust: String?)
    /// Several statements, each with what it is worth.
    indirect case compound([AttestationResult])

    /// Whether a chain leads to a trust anchor; of a compound one, at least one chain.
    public var isTrusted: Bool {
        switch self {
        case .none, .selfAttested: false
        case .certified(_, _, let distrust): distrust == nil
        case .compound(let results): results.contains { $0.trust.isTrusted }
        }
    }
}

extension AttestationTrust: CustomStringConvertible {
    /// A phrase for people who know attestation.
    public var description: String {
        switch self {
        case .none: "no attestation"
        case .selfAttested: "self attestation"
        case .certified(let type, _, distrust: nil): "\(type.rawValue), trusted"
        case .certified(let type, _, distrust: let reason?): "\(type.rawValue), not trusted: \(reason)"
        case .compound(let results):
            results.map { "\($0.format.rawValue): \($0.trust)" }.joined(separator: "; ")
        }
    }
}

/// What metadata say about a model of authenticator.
public struct AuthenticatorModel: Hashable, Sendable {
    /// The name for people, such as "YubiKey 5 Series".
    public let description: String
    /// The status of the latest report, such as `FIDO_CERTIFIED_L1`.
    public let status: String?

    /// Puts the parts together.
    public init(description: String, status: String?) {
        self.description = description
        self.status = status
    }
}
