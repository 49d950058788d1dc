import CBOR

/// The data of a successful authenticatorClientPIN (CTAP 2.3 §6.5.5), as far as this package has a use for it.
///
/// | key | member | type |
/// |---|---|---|
/// | 1 | keyAgreement | COSE_Key, optional |
public struct ClientPINResponse: Hashable, Sendable {
    /// The authenticator's key agreement key.
    public var keyAgreement: KeyAgreementPublicKey?

    /// Puts the parts together.
    public init(keyAgreement: KeyAgreementPublicKey?) { self.keyAgreement = keyAgreement }

    /// Reads the data of a response; what is thrown names the kind of defect.
    public init(data: [UInt8]) throws(CTAPStatus) {
        self.init(keyAgreement: try ParameterMap(data).optional(1, KeyAgreementPublicKey.init(ctap:)))
    }

    /// The successful response that carries this data.
    public var response: CTAPResponse {
        var map = CBORMap()
        map[1] = keyAgreement?.ctap
        return CTAPResponse(.success, data: CBOREncoder.encode(.map(map)))
    }
}
