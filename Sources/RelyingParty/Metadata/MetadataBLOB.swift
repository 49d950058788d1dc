public import FoundationEssentials
public import WebAuthnModel
@_spi(FixedExpiryValidationTime) public import X509

/// The list of the FIDO Metadata Service, version 3: what is known about models of authenticators, in one signed file.
///
/// https://fidoalliance.org/specs/mds/fido-metadata-service-v3.0-ps-20210518.html
public struct MetadataBLOB: Hashable, Sendable {
    /// The serial number of the list.
    public let number: Int
    /// When the next list is due, `2026-12-31`.
    public let nextUpdate: String
    /// The models.
    public let entries: [MetadataEntry]
    /// What could not be read, and that the list is old; neither makes the rest useless.
    public let problems: [MetadataProblem]

    private let byAAGUID: [AAGUID: Int]
    private let byKeyIdentifier: [[UInt8]: Int]

    /// The host whose certificate signs the list of the FIDO Alliance.
    public static let fidoAllianceHost = "mds.fidoalliance.org"
    /// The longest list in bytes that is read; today's have less than 10 MB.
    public static let maximumByteCount = 64 << 20

    /// Puts a list together.
    public init(number: Int, nextUpdate: String, entries: [MetadataEntry], problems: [MetadataProblem] = []) {
        self.number = number
        self.nextUpdate = nextUpdate
        self.entries = entries
        self.problems = problems
        var byAAGUID: [AAGUID: Int] = [:]
        var byKeyIdentifier: [[UInt8]: Int] = [:]
        for (index, entry) in entries.enumerated() {
            if let aaguid = entry.aaguid { byAAGUID[aaguid] = index }
            for identifier in entry.keyIdentifiers { byKeyIdentifier[identifier] = index }
        }
        self.byAAGUID = byAAGUID
        self.byKeyIdentifier = byKeyIdentifier
    }

    /// Reads a list and verifies it (FIDO Metadata Service 3 §3.2, as far as it concerns a file).
    ///
    /// - Parameters:
    ///   - bytes: the file: a JWS in compact serialization, with white space at its ends or not.
    ///   - root: the certificate that the signer's chain must end at.
    ///   - host: the host that the signer's certificate must be for; `nil` when the root signs nothing but lists.
    ///   - now: the time, for certificates and for the age of the list.
    public init(
        verifying bytes: [UInt8], root: Certificate, host: String? = fidoAllianceHost, now: Date
    ) async throws(MetadataError) {
        guard bytes.count <= Self.maximumByteCount else { throw .tooLarge(limit: Self.maximumByteCount) }
        let isSpace: (UInt8) -> Bool = { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        let trimmed = bytes.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
        let jws: CompactJWS
        do throws(JWSError) {
            jws = try CompactJWS(trimmed)
            try jws.verify()
        } catch {
            throw .signature(error)
        }
        guard let leaf = jws.chain.first else { throw .signature(.certificates) }
        let policy = AttestationChainPolicy(understoodInLeaf: [])
        var verifier = Verifier(rootCertificates: CertificateStore([root])) {
            RFC5280Policy(fixedExpiryValidationTime: now)
            if let host { ServerIdentityPolicy(serverHostname: host, serverIP: nil) }
            policy
        }
        switch await verifier.validate(leaf: leaf, intermediates: CertificateStore(jws.chain.dropFirst())) {
        case .validCertificate: break
        case .couldNotValidate(let failures):
            throw .signer(failures.last.map { "\($0.policyFailureReason)" } ?? "its chain does not lead to the root")
        }
        try self.init(payload: jws.payload, now: now)
    }

    /// What is known about the model.
    public func entry(for aaguid: AAGUID) -> MetadataEntry? {
        byAAGUID[aaguid].map { entries[$0] }
    }

    /// What is known about the U2F authenticators whose attestation certificates have a key of this SHA-1.
    public func entry(forKeyIdentifier identifier: [UInt8]) -> MetadataEntry? {
        byKeyIdentifier[identifier].map { entries[$0] }
    }
}

/// Why a list was refused.
public enum MetadataError: Error, Hashable, Sendable {
    /// Longer than any list.
    case tooLarge(limit: Int)
    /// The signature cannot be read or verified.
    case signature(JWSError)
    /// The signer is not the service: the text says why.
    case signer(String)
    /// The signed text is not that of a list.
    case payload(String)
}

extension MetadataError: CustomStringConvertible {
    /// A sentence for a developer.
    public var description: String {
        switch self {
        case .tooLarge(let limit): "the metadata list is longer than \(limit) bytes, the most that is read"
        case .signature(let error): "the metadata list cannot be verified: \(error)"
        case .signer(let reason): "the metadata list was not signed by the metadata service: \(reason)"
        case .payload(let reason): "what was signed is not a metadata list: \(reason)"
        }
    }
}

/// What is wrong with a list that can be used all the same.
public enum MetadataProblem: Hashable, Sendable {
    /// An entry cannot be read; counted from 0.
    case entry(Int)
    /// A root certificate of a model cannot be read; counted from 0.
    case root(model: String, index: Int)
    /// A newer list was due at this date.
    case outdated(since: String)
}

extension MetadataProblem: CustomStringConvertible {
    /// A sentence for whoever runs the relying party.
    public var description: String {
        switch self {
        case .entry(let index): "entry \(index) of the metadata list cannot be read and is left out"
        case .root(let model, let index): "root certificate \(index) of \(model) cannot be read and is left out"
        case .outdated(let date): "a newer metadata list was due on \(date): get it"
        }
    }
}
