public import WebAuthnModel

/// Why a relying party cannot be set up as described.
public enum RelyingPartyConfigurationError: Error, Hashable, Sendable {
    /// The RP ID is not a domain.
    case id(String)
    /// No origin is allowed.
    case noOrigin
    /// Not a serialized origin on which browsers offer WebAuthn.
    case origin(String)
    /// An origin whose host is neither the RP ID nor below it.
    case originOutsideID(origin: String, id: String)
    /// No algorithm is asked for.
    case noAlgorithm(supported: [COSEAlgorithm])
    /// An algorithm whose signatures cannot be verified here.
    case algorithm(COSEAlgorithm, supported: [COSEAlgorithm])
    /// Challenges that could never be answered.
    case challengeLifetime(Duration)
}

extension RelyingPartyConfigurationError: CustomStringConvertible {
    /// A sentence for a developer.
    public var description: String {
        switch self {
        case .id(let id):
            "the RP ID \"\(id)\" is not a domain: use lower-case labels such as portal.example, without scheme or port"
        case .noOrigin:
            "no origin is allowed: name at least one, such as https://portal.example"
        case .origin(let origin):
            "\"\(origin)\" is not an origin on which WebAuthn works: use https://host[:port] or http://localhost[:port]"
        case .originOutsideID(let origin, let id):
            "pages of \(origin) cannot use the RP ID \(id): the host must be \(id) or end in .\(id)"
        case .noAlgorithm(let supported):
            "no signature algorithm is asked for: name at least one of \(Self.list(supported))"
        case .algorithm(let algorithm, let supported):
            "signatures of \(algorithm) cannot be verified: ask only for \(Self.list(supported))"
        case .challengeLifetime(let lifetime):
            "a challenge that lives \(lifetime) can never be answered: give it a positive lifetime"
        }
    }

    private static func list(_ algorithms: [COSEAlgorithm]) -> String {
        algorithms.map(\.description).joined(separator: ", ")
    }
}
