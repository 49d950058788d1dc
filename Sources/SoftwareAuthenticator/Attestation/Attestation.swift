import CBOR
import WebAuthnModel

/// How an authenticator vouches for new credentials when the platform has no preference.
public enum Attestation: Equatable, Sendable {
    /// Not at all: format `none`, as providers of synchronised credentials do.
    case none
    /// Packed self attestation: the credential's own key signs (WebAuthn Level 3 §8.2, no `x5c`).
    case selfAttestation
    /// Packed attestation by the model's key and certificate.
    case basic(AttestationIdentity)
}

extension Attestation {
    /// The format and the statement for a new credential; no statement when the platform asked for none at all.
    ///
    /// CTAP 2.3 §6.1.2 step 17: a preference of `["none"]` alone omits the attestation; else the first format of the
    /// list that is supported is taken, else the authenticator's own.
    func statement(
        preference: [String]?, authenticatorData: [UInt8], clientDataHash: [UInt8], key: CredentialPrivateKey
    ) throws(CredentialPrivateKeyError) -> (format: AttestationFormat, statement: CBORMap?) {
        if preference == [AttestationFormat.none.rawValue] { return (.none, nil) }
        let wanted = preference?.lazy.map(AttestationFormat.init(rawValue:)).first { $0 == .packed || $0 == .none }
        let format = wanted ?? (self == .none ? .none : .packed)
        guard format == .packed else { return (.none, CBORMap()) }
        let message = authenticatorData + clientDataHash
        var statement = CBORMap()
        if case .basic(let identity) = self {
            statement["alg"] = CBORValue(identity.privateKey.algorithm.rawValue)
            statement["sig"] = .bytes(try identity.privateKey.signature(for: message))
            statement["x5c"] = [.bytes(identity.leafCertificate)]
        } else {
            statement["alg"] = CBORValue(key.algorithm.rawValue)
            statement["sig"] = .bytes(try key.signature(for: message))
        }
        return (.packed, statement)
    }
}
