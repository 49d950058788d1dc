public import FoundationEssentials
public import WebAuthnModel
public import X509

/// What the FIDO Metadata Service says about one model of authenticator (FIDO Metadata Service 3 §3.1.1).
public struct MetadataEntry: Hashable, Sendable {
    /// The model, of authenticators of FIDO2.
    public let aaguid: AAGUID?
    /// SHA-1 of the keys of attestation certificates, of authenticators of U2F.
    public let keyIdentifiers: [[UInt8]]
    /// The name for people.
    public let description: String
    /// What happened to the model, oldest first.
    public let statusReports: [MetadataStatusReport]
    /// The certificates that attestation chains of the model end at.
    public let rootCertificates: [Certificate]

    /// Puts the parts together.
    public init(
        aaguid: AAGUID?, keyIdentifiers: [[UInt8]] = [], description: String,
        statusReports: [MetadataStatusReport], rootCertificates: [Certificate]
    ) {
        self.aaguid = aaguid
        self.keyIdentifiers = keyIdentifiers
        self.description = description
        self.statusReports = statusReports
        self.rootCertificates = rootCertificates
    }

    /// The model as it is shown.
    public var model: AuthenticatorModel {
        AuthenticatorModel(description: description, status: statusReports.last?.status)
    }

    /// The report, if any, for which an authenticator with this chain must not be relied on.
    ///
    /// A report about one certificate concerns chains that have it. A later report of an update does not make a
    /// compromise undone: nobody can see in an attestation whether the update was installed.
    public func compromise(of chain: [[UInt8]], now: Date) -> MetadataStatusReport? {
        let today = now.formatted(.iso8601.year().month().day())
        return statusReports.first { report in
            report.isCompromise && (report.effectiveDate.map { $0 <= today } ?? true)
                && (report.certificate.map(chain.contains) ?? true)
        }
    }
}

/// Something that happened to a model (FIDO Metadata Service 3 §3.1.3).
public struct MetadataStatusReport: Hashable, Sendable {
    /// An `AuthenticatorStatus`, such as `FIDO_CERTIFIED_L1` or `REVOKED`.
    public let status: String
    /// Since when, `2026-11-30`; always, when absent.
    public let effectiveDate: String?
    /// The attestation certificate that the report is about, in DER; the whole model, when absent.
    public let certificate: [UInt8]?

    /// Puts the parts together.
    public init(status: String, effectiveDate: String? = nil, certificate: [UInt8]? = nil) {
        self.status = status
        self.effectiveDate = effectiveDate
        self.certificate = certificate
    }

    private static let compromises: Set = [
        "USER_VERIFICATION_BYPASS", "ATTESTATION_KEY_COMPROMISE", "USER_KEY_REMOTE_COMPROMISE",
        "USER_KEY_PHYSICAL_COMPROMISE", "REVOKED",
    ]

    /// Whether authenticators of such a status must not be relied on.
    public var isCompromise: Bool { Self.compromises.contains(status) }
}
