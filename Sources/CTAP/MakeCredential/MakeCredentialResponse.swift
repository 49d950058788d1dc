public import CBOR
public import WebAuthnModel

/// The data of a successful authenticatorMakeCredential (CTAP 2.3 §6.1).
///
/// | key | member | type |
/// |---|---|---|
/// | 1 | fmt | tstr |
/// | 2 | authData | bstr |
/// | 3 | attStmt | map; absent only when the platform asked for no attestation |
/// | 4 | epAtt | bool, optional |
/// | 5 | largeBlobKey | bstr, optional |
/// | 6 | unsignedExtensionOutputs | map, optional |
public struct MakeCredentialResponse: Hashable, Sendable {
    /// The attestation statement format.
    public var format: AttestationFormat
    /// The authenticator data exactly as signed.
    public var authenticatorData: [UInt8]
    /// The attestation statement.
    public var statement: CBORMap?
    /// Whether the attestation is an enterprise one; absent when it is not.
    public var enterpriseAttestation: Bool?
    /// The key for the credential's large blob, 32 bytes.
    public var largeBlobKey: [UInt8]?
    /// Extension outputs that the authenticator does not sign.
    public var unsignedExtensionOutputs: CBORMap?

    /// Puts the parts together.
    public init(
        format: AttestationFormat, authenticatorData: [UInt8], statement: CBORMap?,
        enterpriseAttestation: Bool? = nil, largeBlobKey: [UInt8]? = nil, unsignedExtensionOutputs: CBORMap? = nil
    ) {
        self.format = format
        self.authenticatorData = authenticatorData
        self.statement = statement
        self.enterpriseAttestation = enterpriseAttestation
        self.largeBlobKey = largeBlobKey
        self.unsignedExtensionOutputs = unsignedExtensionOutputs
    }

    /// Reads the data of a response; what is thrown names the kind of defect.
    public init(data: [UInt8]) throws(CTAPStatus) {
        let map = try ParameterMap(data)
        self.init(
            format: AttestationFormat(rawValue: try map.required(1, Member.text)),
            authenticatorData: try map.required(2, Member.bytes), statement: try map.optional(3, Member.map),
            enterpriseAttestation: try map.optional(4, Member.boolean),
            largeBlobKey: try map.optional(5, Member.bytes),
            unsignedExtensionOutputs: try map.optional(6, Member.map))
    }

    /// The successful response that carries this data.
    public var response: CTAPResponse {
        var map = CBORMap()
        map[1] = .text(format.rawValue)
        map[2] = .bytes(authenticatorData)
        map[3] = statement.map(CBORValue.map)
        map[4] = enterpriseAttestation.map(CBORValue.boolean)
        map[5] = largeBlobKey.map(CBORValue.bytes)
        map[6] = unsignedExtensionOutputs.map(CBORValue.map)
        return CTAPResponse(.success, data: CBOREncoder.encode(.map(map)))
    }
}

extension MakeCredentialResponse: CustomStringConvertible, CustomReflectable {
    /// The kind only: a largeBlobKey is a secret.
    public var description: String { "makeCredential response, format \(format.rawValue)" }
    /// No children, so that dumping a value that holds this one shows nothing either.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
