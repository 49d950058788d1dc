public import CBOR
public import WebAuthnModel

/// The data of authenticatorGetInfo (CTAP 2.3 §6.4).
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
/// | 11 | maxSerializedLargeBlobArray | uint, optional |
/// | 12 | forcePINChange | bool, optional |
/// | 13 | minPINLength | uint, optional |
/// | 14 | firmwareVersion | uint, optional |
/// | 15 | maxCredBlobLength | uint, optional |
/// | 16 | maxRPIDsForSetMinPINLength | uint, optional |
/// | 17 | preferredPlatformUvAttempts | uint, optional |
/// | 18 | uvModality | uint, optional |
/// | 20 | remainingDiscoverableCredentials | uint, optional |
/// | 22 | attestationFormats | array of tstr, optional |
/// | 23 | uvCountSinceLastPinEntry | uint, optional |
/// | 24 | longTouchForReset | bool, optional |
/// | 25 | encIdentifier | bstr, 32 bytes, optional |
/// | 26 | transportsForReset | array of tstr, optional |
/// | 27 | pinComplexityPolicy | bool, optional |
/// | 28 | pinComplexityPolicyURL | bstr, optional |
/// | 29 | maxPINLength | uint, optional |
/// | 30 | encCredStoreState | bstr, 32 bytes, optional |
/// | 31 | authenticatorConfigCommands | array of uint, optional |
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
    /// The largest serialised array of large blobs in bytes.
    public var maximumSerializedLargeBlobArray: UInt64?
    /// Whether the PIN must be changed before it yields a token.
    public var forcesPINChange: Bool?
    /// The shortest PIN in code points.
    public var minimumPINLength: UInt64?
    /// The longest credBlob in bytes.
    public var maximumCredBlobLength: UInt64?
    /// How many RP IDs setMinPINLength takes.
    public var maximumRelyingPartyIDsForMinimumPINLength: UInt64?
    /// How often the platform should ask for built-in verification before it asks for the PIN.
    public var preferredPlatformUVAttempts: UInt64?
    /// How the user is verified: bits of the FIDO registry of predefined values.
    public var uvModality: UInt64?
    /// How many more discoverable credentials may fit.
    public var remainingDiscoverableCredentials: UInt64?
    /// Attestation statement formats, apart from none.
    public var attestationFormats: [String]?
    /// How often the user was verified by built-in means since the PIN was entered.
    public var uvCountSinceLastPINEntry: UInt64?
    /// Whether a reset needs a long touch.
    public var needsLongTouchForReset: Bool?
    /// The device identifier, encrypted under the persistent token.
    public var encryptedIdentifier: [UInt8]?
    /// Transports over which a reset is possible.
    public var transportsForReset: [String]?
    /// Whether a policy beyond length is in force for PINs.
    public var hasPINComplexityPolicy: Bool?
    /// Where the policy is described, in UTF-8.
    public var pinComplexityPolicyURL: [UInt8]?
    /// The longest PIN in code points.
    public var maximumPINLength: UInt64?
    /// The state of the credential store, encrypted under the persistent token.
    public var encryptedCredentialStoreState: [UInt8]?
    /// The subcommands of authenticatorConfig that are supported.
    public var configCommands: [UInt64]?

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
        maximumSerializedLargeBlobArray = try map.optional(11, Member.unsigned)
        forcesPINChange = try map.optional(12, Member.boolean)
        minimumPINLength = try map.optional(13, Member.unsigned)
        maximumCredBlobLength = try map.optional(15, Member.unsigned)
        maximumRelyingPartyIDsForMinimumPINLength = try map.optional(16, Member.unsigned)
        preferredPlatformUVAttempts = try map.optional(17, Member.unsigned)
        uvModality = try map.optional(18, Member.unsigned)
        remainingDiscoverableCredentials = try map.optional(20, Member.unsigned)
        attestationFormats = try map.optional(22, Member.textArray)
        uvCountSinceLastPINEntry = try map.optional(23, Member.unsigned)
        needsLongTouchForReset = try map.optional(24, Member.boolean)
        encryptedIdentifier = try map.optional(25, Member.bytes)
        transportsForReset = try map.optional(26, Member.textArray)
        hasPINComplexityPolicy = try map.optional(27, Member.boolean)
        pinComplexityPolicyURL = try map.optional(28, Member.bytes)
        maximumPINLength = try map.optional(29, Member.unsigned)
        encryptedCredentialStoreState = try map.optional(30, Member.bytes)
        configCommands = try map.optional(31, Member.array(Member.unsigned))
    }

    /// The successful response that carries this data.
    public var response: CTAPResponse { CTAPResponse(.success, data: encoded) }

    /// The CBOR map alone, as the hybrid transport's post-handshake message carries it.
    public var encoded: [UInt8] { CBOREncoder.encode(.map(map)) }

    /// The CBOR map.
    public var map: CBORMap {
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
        map[11] = maximumSerializedLargeBlobArray.map(CBORValue.unsigned)
        map[12] = forcesPINChange.map(CBORValue.boolean)
        map[13] = minimumPINLength.map(CBORValue.unsigned)
        map[14] = firmwareVersion.map(CBORValue.unsigned)
        map[15] = maximumCredBlobLength.map(CBORValue.unsigned)
        map[16] = maximumRelyingPartyIDsForMinimumPINLength.map(CBORValue.unsigned)
        map[17] = preferredPlatformUVAttempts.map(CBORValue.unsigned)
        map[18] = uvModality.map(CBORValue.unsigned)
        map[20] = remainingDiscoverableCredentials.map(CBORValue.unsigned)
        map[22] = attestationFormats.map { .array($0.map(CBORValue.text)) }
        map[23] = uvCountSinceLastPINEntry.map(CBORValue.unsigned)
        map[24] = needsLongTouchForReset.map(CBORValue.boolean)
        map[25] = encryptedIdentifier.map(CBORValue.bytes)
        map[26] = transportsForReset.map { .array($0.map(CBORValue.text)) }
        map[27] = hasPINComplexityPolicy.map(CBORValue.boolean)
        map[28] = pinComplexityPolicyURL.map(CBORValue.bytes)
        map[29] = maximumPINLength.map(CBORValue.unsigned)
        map[30] = encryptedCredentialStoreState.map(CBORValue.bytes)
        map[31] = configCommands.map { .array($0.map(CBORValue.unsigned)) }
        return map
    }
}
