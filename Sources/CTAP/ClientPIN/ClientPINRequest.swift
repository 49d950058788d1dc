public import CBOR

/// The parameters of authenticatorClientPIN (CTAP 2.3 §6.5.5).
///
/// | key | member | type |
/// |---|---|---|
/// | 1 | pinUvAuthProtocol | uint, optional |
/// | 2 | subCommand | uint |
/// | 3 | keyAgreement | COSE_Key, optional |
/// | 4 | pinUvAuthParam | bstr, optional |
/// | 5 | newPinEnc | bstr, optional |
/// | 6 | pinHashEnc | bstr, optional |
/// | 9 | permissions | uint, optional |
/// | 10 | rpId | tstr, optional |
public struct ClientPINRequest: Hashable, Sendable {
    /// The number of the PIN/UV auth protocol.
    public var pinUVAuthProtocol: UInt64?
    /// What to do.
    public var subcommand: ClientPINSubcommand
    /// The platform's key agreement key, as it came: only some subcommands look at it.
    public var keyAgreement: CBORMap?
    /// An authentication code over the encrypted members.
    public var pinUVAuthParam: [UInt8]?
    /// A new PIN, encrypted.
    public var newPINEncrypted: [UInt8]?
    /// The first half of a PIN's SHA-256, encrypted.
    public var pinHashEncrypted: [UInt8]?
    /// What a token is to be good for.
    public var permissions: UInt64?
    /// The RP ID a token is to be good for.
    public var relyingPartyID: String?

    /// Puts the usual parts together.
    public init(_ subcommand: ClientPINSubcommand, pinUVAuthProtocol: UInt64? = nil) {
        self.subcommand = subcommand
        self.pinUVAuthProtocol = pinUVAuthProtocol
    }

    /// Reads the parameters; what is thrown is the status to answer with.
    public init(parameters: [UInt8]) throws(CTAPStatus) {
        let map = try ParameterMap(parameters)
        self.init(
            ClientPINSubcommand(rawValue: try map.required(2, Member.unsigned)),
            pinUVAuthProtocol: try map.optional(1, Member.unsigned))
        keyAgreement = try map.optional(3, Member.map)
        pinUVAuthParam = try map.optional(4, Member.bytes)
        newPINEncrypted = try map.optional(5, Member.bytes)
        pinHashEncrypted = try map.optional(6, Member.bytes)
        permissions = try map.optional(9, Member.unsigned)
        relyingPartyID = try map.optional(10, Member.text)
    }

    /// The request that carries these parameters.
    public var request: CTAPRequest {
        var map = CBORMap()
        map[1] = pinUVAuthProtocol.map(CBORValue.unsigned)
        map[2] = .unsigned(subcommand.rawValue)
        map[3] = keyAgreement.map(CBORValue.map)
        map[4] = pinUVAuthParam.map(CBORValue.bytes)
        map[5] = newPINEncrypted.map(CBORValue.bytes)
        map[6] = pinHashEncrypted.map(CBORValue.bytes)
        map[9] = permissions.map(CBORValue.unsigned)
        map[10] = relyingPartyID.map(CBORValue.text)
        return CTAPRequest(.clientPIN, parameters: CBOREncoder.encode(.map(map)))
    }
}
