public import CBOR
public import WebAuthnModel

/// The parameters of authenticatorCredentialManagement (CTAP 2.3 §6.8).
///
/// | key | member | type |
/// |---|---|---|
/// | 1 | subCommand | uint |
/// | 2 | subCommandParams | map, optional |
/// | 3 | pinUvAuthProtocol | uint, optional |
/// | 4 | pinUvAuthParam | bstr, optional |
public struct CredentialManagementRequest: Hashable, Sendable {
    /// What to do.
    public enum Subcommand: UInt64, Hashable, Sendable {
        /// getCredsMetadata.
        case getMetadata = 0x01
        /// enumerateRPsBegin.
        case enumerateRelyingPartiesBegin = 0x02
        /// enumerateRPsGetNextRP.
        case enumerateRelyingPartiesNext = 0x03
        /// enumerateCredentialsBegin.
        case enumerateCredentialsBegin = 0x04
        /// enumerateCredentialsGetNextCredential.
        case enumerateCredentialsNext = 0x05
        /// deleteCredential.
        case deleteCredential = 0x06
        /// updateUserInformation.
        case updateUserInformation = 0x07
    }

    /// The number of the subcommand.
    public var subcommand: UInt64
    /// Its parameters, as they came.
    public var parameters: CBORMap?
    /// The number of the PIN/UV auth protocol.
    public var pinUVAuthProtocol: UInt64?
    /// The proof that the platform holds a token.
    public var pinUVAuthParam: [UInt8]?

    /// Puts the parts together.
    public init(
        _ subcommand: UInt64, parameters: CBORMap? = nil, pinUVAuthProtocol: UInt64? = nil,
        pinUVAuthParam: [UInt8]? = nil
    ) {
        self.subcommand = subcommand
        self.parameters = parameters
        self.pinUVAuthProtocol = pinUVAuthProtocol
        self.pinUVAuthParam = pinUVAuthParam
    }

    /// Reads the parameters; what is thrown is the status to answer with.
    public init(parameters: [UInt8]) throws(CTAPStatus) {
        let map = try ParameterMap(parameters, keyOrder: .canonical)
        self.init(
            try map.required(1, Member.unsigned), parameters: try map.optional(2, Member.map),
            pinUVAuthProtocol: try map.optional(3, Member.unsigned),
            pinUVAuthParam: try map.optional(4, Member.bytes))
    }

    /// The request that carries these parameters.
    public var request: CTAPRequest {
        var map = CBORMap()
        map[1] = .unsigned(subcommand)
        map[2] = parameters.map(CBORValue.map)
        map[3] = pinUVAuthProtocol.map(CBORValue.unsigned)
        map[4] = pinUVAuthParam.map(CBORValue.bytes)
        return CTAPRequest(.credentialManagement, parameters: CBOREncoder.encode(.map(map)))
    }

    /// What the proof is computed over: the subcommand, and its parameters as they came.
    public var authenticatedMessage: [UInt8] {
        [UInt8(truncatingIfNeeded: subcommand)] + (parameters.map { CBOREncoder.encode(.map($0)) } ?? [])
    }

    /// Member 1 of the parameters: rpIDHash.
    public func relyingPartyIDHash() throws(CTAPStatus) -> [UInt8] { try member(1, Member.bytes) }

    /// Member 2 of the parameters: credentialID.
    public func credential() throws(CTAPStatus) -> PublicKeyCredentialDescriptor {
        try member(2, PublicKeyCredentialDescriptor.init(ctap:))
    }

    /// Member 3 of the parameters: user.
    public func user() throws(CTAPStatus) -> PublicKeyCredentialUserEntity {
        try member(3, PublicKeyCredentialUserEntity.init(ctap:))
    }

    private func member<Value>(
        _ key: Int, _ read: (CBORValue) throws(CTAPStatus) -> Value
    ) throws(CTAPStatus) -> Value {
        guard let parameters, let value = try Member.optional(CBORValue(key), in: parameters, read) else {
            throw .missingParameter
        }
        return value
    }
}
