import CBOR
public import WebAuthnModel

/// The data of authenticatorGetInfo (CTAP 2.3 §6.4); members that this package does not interpret are kept.
///
/// | key | member | type |
/// |---|---|---|
/// | 1 | versions | array of tstr |
/// | 2 | extensions | array of tstr, optional |
/// | 3 | aaguid | bstr, 16 bytes |
/// | 4 | options | map of bool, optional |
/// | 5 | maxMsgSize | uint, optional |
/// | 6 | pinUvAuthProtocols | array of uint, optional |
/// | 7 | maxCredentialCountInList | uint, optional |
/// | 8 | maxCredentialIdLength | uint, optional |
/// | 9 | transports | array of tstr, optional |
/// | 10 | algorithms | array of map, optional |
/// | 14 | firmwareVersion | uint, optional |
public struct AuthenticatorInfo: Hashable, Sendable {
    /// Protocol versions, for example `FIDO_2_0`.
    public var versions: [String]
    /// Extension identifiers.
    public var extensions: [String]?
    /// The model.
    public var aaguid: AAGUID
    /// Options by name; an absent one has the default that CTAP 2.3 §6.4 gives it.
    public var options: [String: Bool]
    /// The largest message in bytes that the authenticator takes; 1024 when absent.
    public var maximumMessageSize: UInt64?
    /// The numbers of the PIN/UV auth protocols, most preferred first.
    public var pinUVAuthProtocols: [UInt64]?
    /// The longest list of credentials that it takes.
    public var maximumCredentialCountInList: UInt64?
    /// The longest credential ID in bytes that it takes.
    public var maximumCredentialIDLength: UInt64?
    /// How it can be reached.
    public var transports: [AuthenticatorTransport]?
    /// Signature algorithms, most wanted first.
    public var algorithms: [PublicKeyCredentialParameters]?
    /// The firmware's version; grows with each release.
    public var firmwareVersion: UInt64?

    /// Puts the usual parts together.
    public init(
        versions: [String], extensions: [String]? = nil, aaguid: AAGUID, options: [String: Bool] = [:],
        maximumMessageSize: UInt64? = nil, pinUVAuthProtocols: [UInt64]? = nil,
        maximumCredentialCountInList: UInt64? = nil, maximumCredentialIDLength: UInt64? = nil,
        transports: [AuthenticatorTransport]? = nil,
        algorithms: [PublicKeyCredentialParameters]? = nil, firmwareVersion: UInt64? = nil
    ) {
        self.versions = versions
        self.extensions = extensions
        self.aaguid = aaguid
        self.options = options
        self.maximumMessageSize = maximumMessageSize
        self.pinUVAuthProtocols = pinUVAuthProtocols
        self.maximumCredentialCountInList = maximumCredentialCountInList
        self.maximumCredentialIDLength = maximumCredentialIDLength
        self.transports = transports
        self.algorithms = algorithms
        self.firmwareVersion = firmwareVersion
    }

    /// Reads the data of a response; what is thrown names the kind of defect.
    public init(data: [UInt8]) throws(CTAPStatus) {
        let map = try ParameterMap(data)
        var options: [String: Bool] = [:]
        for entry in try map.optional(4, Member.map)?.entries ?? [] {
            options[try Member.text(entry.key)] = try Member.boolean(entry.value)
        }
        guard let aaguid = AAGUID(try map.required(3, Member.bytes)) else { throw .invalidLength }
        self.init(
            versions: try map.required(1, Member.textArray), extensions: try map.optional(2, Member.textArray),
            aaguid: aaguid, options: options, maximumMessageSize: try map.optional(5, Member.unsigned),
            pinUVAuthProtocols: try map.optional(6, Member.array(Member.unsigned)),
            maximumCredentialCountInList: try map.optional(7, Member.unsigned),
            maximumCredentialIDLength: try map.optional(8, Member.unsigned),
            transports: try map.optional(9, Member.textArray)?.map(AuthenticatorTransport.init(rawValue:)),
            algorithms: try map.optional(10, Member.array(PublicKeyCredentialParameters.init(ctap:))),
            firmwareVersion: try map.optional(14, Member.unsigned))
    }

    /// The successful response that carries this data.
    public var response: CTAPResponse { CTAPResponse(.success, data: encoded) }

    /// The CBOR map alone, as the hybrid transport's post-handshake message carries it.
    public var encoded: [UInt8] {
        var optionMap = CBORMap()
        for (name, value) in options { optionMap[.text(name)] = .boolean(value) }
        var map = CBORMap()
        map[1] = .array(versions.map(CBORValue.text))
        map[2] = extensions.map { .array($0.map(CBORValue.text)) }
        map[3] = .bytes(aaguid.bytes)
        map[4] = optionMap.isEmpty ? nil : .map(optionMap)
        map[5] = maximumMessageSize.map(CBORValue.unsigned)
        map[6] = pinUVAuthProtocols.map { .array($0.map(CBORValue.unsigned)) }
        map[7] = maximumCredentialCountInList.map(CBORValue.unsigned)
        map[8] = maximumCredentialIDLength.map(CBORValue.unsigned)
        map[9] = transports.map { .array($0.map { .text($0.rawValue) }) }
        map[10] = algorithms.map { .array($0.map(\.ctap)) }
        map[14] = firmwareVersion.map(CBORValue.unsigned)
        return CBOREncoder.encode(.map(map))
    }
}
