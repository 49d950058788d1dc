import CBOR

/// The data of a successful authenticatorClientPIN (CTAP 2.3 §6.5.5).
///
/// | key | member | type |
/// |---|---|---|
/// | 1 | keyAgreement | COSE_Key, optional |
/// | 2 | pinUvAuthToken | bstr, encrypted, optional |
/// | 3 | pinRetries | uint, optional |
/// | 4 | powerCycleState | bool, optional |
/// | 5 | uvRetries | uint, optional |
public struct ClientPINResponse: Hashable, Sendable {
    /// The authenticator's key agreement key.
    public var keyAgreement: KeyAgreementPublicKey?
    /// The PIN/UV auth token, encrypted with the shared secret.
    public var pinUVAuthTokenEncrypted: [UInt8]?
    /// How many wrong PINs are left before the PIN is blocked.
    public var pinRetries: UInt64?
    /// Whether a power cycle is needed before the PIN is looked at again.
    public var powerCycleState: Bool?
    /// How many failed verifications are left before the built-in verification is blocked.
    public var uvRetries: UInt64?

    /// Puts the parts together.
    public init(
        keyAgreement: KeyAgreementPublicKey? = nil, pinUVAuthTokenEncrypted: [UInt8]? = nil,
        pinRetries: UInt64? = nil, powerCycleState: Bool? = nil, uvRetries: UInt64? = nil
    ) {
        self.keyAgreement = keyAgreement
        self.pinUVAuthTokenEncrypted = pinUVAuthTokenEncrypted
        self.pinRetries = pinRetries
        self.powerCycleState = powerCycleState
        self.uvRetries = uvRetries
    }

    /// Reads the data of a response; what is thrown names the kind of defect.
    public init(data: [UInt8]) throws(CTAPStatus) {
        let map = try ParameterMap(data)
        self.init(
            keyAgreement: try map.optional(1, KeyAgreementPublicKey.init(ctap:)),
            pinUVAuthTokenEncrypted: try map.optional(2, Member.bytes),
            pinRetries: try map.optional(3, Member.unsigned), powerCycleState: try map.optional(4, Member.boolean),
            uvRetries: try map.optional(5, Member.unsigned))
    }

    /// The successful response that carries this data.
    public var response: CTAPResponse {
        var map = CBORMap()
        map[1] = keyAgreement?.ctap
        map[2] = pinUVAuthTokenEncrypted.map(CBORValue.bytes)
        map[3] = pinRetries.map(CBORValue.unsigned)
        map[4] = powerCycleState.map(CBORValue.boolean)
        map[5] = uvRetries.map(CBORValue.unsigned)
        return CTAPResponse(.success, data: CBOREncoder.encode(.map(map)))
    }
}
