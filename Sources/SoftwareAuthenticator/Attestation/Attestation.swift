public import WebAuthnModel

/// A way in which an authenticator vouches for new credentials.
public enum Attestation: Equatable, Sendable {
    /// Not at all: format `none`, as providers of synchronised credentials do.
    case none
    /// Packed self attestation: the credential's own key signs (WebAuthn Level 3 §8.2, no `x5c`).
    case selfAttestation
    /// Packed attestation by the model's key and certificate (§8.2).
    case basic(AttestationIdentity)
    /// As a U2F key does (§8.6): the model is not disclosed.
    case fidoU2F(AttestationIdentity)
    /// As a TPM does (§8.3): the identity is one that was issued for it.
    case tpm(AttestationIdentity)
    /// As Android's key store does (§8.4): a certificate for each credential, from an identity that issues them.
    case androidKey(AttestationIdentity)
    /// As Apple's devices do (§8.8): a certificate for each credential, from an identity that issues them.
    case apple(AttestationIdentity)
}

extension Attestation {
    /// The format of its statements.
    public var format: AttestationFormat {
        switch self {
        case .none: .none
        case .selfAttestation, .basic: .packed
        case .fidoU2F: .fidoU2F
        case .tpm: .tpm
        case .androidKey: .androidKey
        case .apple: .apple
        }
    }

    /// What signs, or issues what signs.
    var identity: AttestationIdentity? {
        switch self {
        case .none, .selfAttestation: nil
        case .basic(let identity), .fidoU2F(let identity), .tpm(let identity), .androidKey(let identity),
            .apple(let identity):
            identity
        }
    }

    /// Whether it can vouch for credentials of an algorithm: the format or the certificates of some know only a few.
    func attests(_ algorithm: COSEAlgorithm) -> Bool {
        switch self {
        case .none, .selfAttestation, .basic: true
        case .fidoU2F, .apple: algorithm == .es256
        case .tpm: TPMStatement.algorithms.contains(algorithm)
        case .androidKey: CertificateIssuer.algorithms.contains(algorithm)
        }
    }

    /// The model in the authenticator data: not disclosed where the format is older than models.
    func disclosed(_ aaguid: AAGUID) -> AAGUID {
        if case .fidoU2F = self { .zero } else { aaguid }
    }
}

extension [Attestation] {
    /// What vouches for a credential (CTAP 2.3 §6.1.2 step 17), and whether nothing is said at all.
    ///
    /// A preference of `["none"]` alone omits the attestation; else the first format of the list that is there is taken, else
    /// the first of the authenticator's own. Those that cannot vouch for the algorithm are passed over.
    func choice(for algorithm: COSEAlgorithm, preference: [String]?) -> (attestation: Attestation, isOmitted: Bool) {
        guard let preference else { return (first { $0.attests(algorithm) } ?? .none, false) }
        guard preference != [AttestationFormat.none.rawValue] else { return (.none, true) }
        let fitting = filter { $0.attests(algorithm) }
        // Whoever vouches for nothing unasked can still sign with the credential's own key.
        let possible = fitting + [.none] + (self == [.none] ? [.selfAttestation] : [])
        let wanted = preference.lazy
            .compactMap { name in possible.first { $0.format.rawValue == name } }.first
        return (wanted ?? fitting.first ?? .none, false)
    }

    /// What getInfo names: each format once, most wanted first, without `none`.
    var formats: [AttestationFormat] {
        reduce(into: []) { formats, attestation in
            if attestation != .none, !formats.contains(attestation.format) { formats.append(attestation.format) }
        }
    }
}
