public import WebAuthnModel

/// A relying party: it makes the options of a ceremony and verifies what comes back (WebAuthn Level 3 §7).
///
/// Everything is a function of its arguments: the caller passes the time and the randomness, stores the ``Ceremony``
/// between the two requests, and stores the ``CredentialRecord`` between ceremonies.
public struct WebAuthnRelyingParty: Sendable {
    /// The RP ID, a domain such as `portal.example` or `localhost`.
    public let id: String
    /// A name for people.
    public let name: String
    /// The origins whose pages may run a ceremony, compared exactly: scheme, host and port.
    public let origins: Set<String>
    /// Origins of other domains whose pages may run a ceremony, too (§5.11): clients ask the RP ID's host for them, as
    /// ``relatedOriginsDocument`` names them.
    public let relatedOrigins: Set<String>
    /// The origins that may embed such a page in a frame; with none, embedding is refused.
    public let topOrigins: Set<String>
    /// The signature algorithms that are asked for, most wanted first.
    public let algorithms: [COSEAlgorithm]
    /// Who verifies signatures of algorithms that this module does not know.
    public let verifiers: SignatureVerifiers
    /// The attestation that is asked for.
    public let attestation: AttestationConveyance
    /// Which attestation is accepted.
    public let attestationPolicy: AttestationPolicy
    /// Whether the user must be verified, unless a ceremony says otherwise.
    public let userVerification: Requirement
    /// How long a challenge can be answered.
    public let challengeLifetime: Duration

    /// The algorithms whose signatures this module verifies by itself, most wanted first.
    public static let supportedAlgorithms: [COSEAlgorithm] = VerificationKey.algorithms

    /// Describes a relying party, and refuses a description that cannot work.
    ///
    /// - Parameters:
    ///   - algorithms: what is asked for; when absent, all that can be verified.
    ///   - verifiers: who verifies signatures of further algorithms.
    public init(
        id: String, name: String, origins: Set<String>, relatedOrigins: Set<String> = [],
        topOrigins: Set<String> = [],
        algorithms: [COSEAlgorithm]? = nil, verifiers: SignatureVerifiers = .none,
        attestation: AttestationConveyance = .none,
        attestationPolicy: AttestationPolicy = AttestationPolicy(), userVerification: Requirement = .required,
        challengeLifetime: Duration = .seconds(300)
    ) throws(RelyingPartyConfigurationError) {
        guard Self.isDomain(id) else { throw .id(id) }
        guard !origins.isEmpty else { throw .noOrigin }
        for origin in origins.sorted() {
            guard let host = Self.host(of: origin) else { throw .origin(origin) }
            guard host == id || host.hasSuffix(".\(id)") else { throw .originOutsideID(origin: origin, id: id) }
        }
        for origin in relatedOrigins.sorted() where Self.host(of: origin) == nil { throw .origin(origin) }
        for origin in topOrigins.sorted() where Self.host(of: origin) == nil { throw .origin(origin) }
        let supported = Self.supportedAlgorithms + verifiers.algorithms
        let algorithms = algorithms ?? supported
        guard !algorithms.isEmpty else { throw .noAlgorithm(supported: supported) }
        for algorithm in algorithms where !supported.contains(algorithm) {
            throw .algorithm(algorithm, supported: supported)
        }
        guard challengeLifetime > .zero else { throw .challengeLifetime(challengeLifetime) }
        self.id = id
        self.name = name
        self.origins = origins
        self.relatedOrigins = relatedOrigins
        self.topOrigins = topOrigins
        self.algorithms = algorithms
        self.verifiers = verifiers
        self.attestation = attestation
        self.attestationPolicy = attestationPolicy
        self.userVerification = userVerification
        self.challengeLifetime = challengeLifetime
    }

    /// What the RP ID's host serves at `/.well-known/webauthn` as `application/json`; `nil` without related origins.
    public var relatedOriginsDocument: [UInt8]? {
        guard !relatedOrigins.isEmpty else { return nil }
        // Origins have no character that JSON escapes.
        let list = (origins.union(relatedOrigins)).sorted().map { "\"\($0)\"" }.joined(separator: ",")
        return Array("{\"origins\":[\(list)]}".utf8)
    }

    /// Lower-case labels of letters, digits and hyphens, and not an IP address.
    private static func isDomain(_ text: String) -> Bool {
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let areLabels = labels.allSatisfy { label in
            !label.isEmpty
                && label.allSatisfy { letters.contains($0) || digits.contains($0) || $0 == UInt8(ascii: "-") }
        }
        let lastIsNumber = labels.last?.allSatisfy(digits.contains) ?? true
        return areLabels && !lastIsNumber && text.utf8.count <= 253
    }

    /// The host of a serialized origin that can run WebAuthn: `https://host[:port]` or `http://localhost[:port]`.
    private static func host(of origin: String) -> String? {
        let parts = origin.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard let scheme = parts.first, let rest = parts.last, parts.count == 2 else { return nil }
        let hostAndPort = rest.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let host = hostAndPort.first.map(String.init) ?? ""
        guard isDomain(host) else { return nil }
        if hostAndPort.count == 2 {
            // The scheme's own port is never part of a serialized origin: such an entry would never match.
            guard let port = hostAndPort.last.flatMap({ UInt16($0) }), rest == "\(host):\(port)",
                port != (scheme == "https" ? 443 : 80)
            else { return nil }
        }
        return scheme == "https" || (scheme == "http" && host == "localhost") ? host : nil
    }
}

/// Whether the relying party wants attestation (WebAuthn Level 3 §5.4.7).
public enum AttestationConveyance: String, Hashable, Sendable, Codable {
    /// Not interested.
    case none
    /// The client may replace it by an anonymous one.
    case indirect
    /// As the authenticator made it.
    case direct
    /// One that identifies the single authenticator.
    case enterprise
}
