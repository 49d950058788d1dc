import CBOR
public import WebAuthnModel

/// Attestation statement format `none` (WebAuthn Level 3 §8.7): an empty map.
public struct NoneAttestationFormat: AttestationStatementFormat {
    /// The format.
    public init() {}

    /// `none`.
    public var identifier: AttestationFormat { .none }

    /// Accepts the empty statement only.
    public func verify(_ attestation: Attestation) throws(AttestationError) -> AttestationEvidence {
        guard attestation.object.statement.map?.isEmpty == true else { throw .statementNotEmpty }
        return .none
    }
}
