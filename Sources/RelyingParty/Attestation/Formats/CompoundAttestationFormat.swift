import CBOR
public import WebAuthnModel

/// Attestation statement format `compound` (WebAuthn Level 3 §8.9): `[2* {"fmt": text, "attStmt": …}]`.
///
/// The policy here is that every statement in it has to be correct.
public struct CompoundAttestationFormat: AttestationStatementFormat {
    private let formats: [any AttestationStatementFormat]

    /// The format, with those that its statements may have.
    public init(of formats: [any AttestationStatementFormat]) { self.formats = formats }

    /// `compound`.
    public var identifier: AttestationFormat { .compound }

    /// The verification procedure of §8.9.
    public func verify(_ attestation: Attestation) throws(AttestationError) -> AttestationEvidence {
        guard let items = attestation.object.statement.array, 2...8 ~= items.count else {
            throw .defect(.compoundCount)
        }
        // Step 1: each statement by the procedure of its format; one that fails fails the whole.
        var components: [AttestationComponent] = []
        for item in items {
            guard let map = item.map, map.count == 2, let name = map["fmt"]?.text, let statement = map["attStmt"]
            else { throw .defect(.compoundMember) }
            let identifier = AttestationFormat(rawValue: name)
            guard identifier != .compound else { throw .defect(.compoundNested) }
            guard let format = formats.first(where: { $0.identifier == identifier }) else {
                throw .formatUnsupported(identifier, supported: formats.map(\.identifier))
            }
            let evidence = try format.verify(attestation.with(format: identifier, statement: statement))
            components.append(AttestationComponent(format: identifier, evidence: evidence))
        }
        // Step 2: all of them are what the statement offers.
        return .compound(components)
    }
}
