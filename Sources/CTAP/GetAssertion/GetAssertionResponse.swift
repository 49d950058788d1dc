public import CBOR
public import WebAuthnModel

/// The data of a successful authenticatorGetAssertion or authenticatorGetNextAssertion (CTAP 2.3 §6.2, §6.3).
///
/// | key | member | type |
/// |---|---|---|
/// | 1 | credential | map |
/// | 2 | authData | bstr |
/// | 3 | signature | bstr |
/// | 4 | user | map, optional |
/// | 5 | numberOfCredentials | uint, only in the first of several |
/// | 6 | userSelected | bool, optional |
/// | 7 | largeBlobKey | bstr, optional |
/// | 8 | unsignedExtensionOutputs | map, optional |
public struct GetAssertionResponse: Hashable, Sendable {
    /// The credential that signed; older authenticators leave it out when the allow list named one.
    public var credential: PublicKeyCredentialDescriptor?
    /// The authenticator data exactly as signed.
    public var authenticatorData: [UInt8]
    /// The signature over authenticator data and client data hash.
    public var signature: [UInt8]
    /// The account, for discoverable credentials.
    public var user: PublicKeyCredentialUserEntity?
    /// How many credentials there are, when there are several.
    public var numberOfCredentials: UInt64?
    /// Whether the user picked this credential on the authenticator.
    public var userSelected: Bool?
    /// The key for the credential's large blob, 32 bytes.
    public var largeBlobKey: [UInt8]?
    /// Extension outputs that the authenticator does not sign.
    public var unsignedExtensionOutputs: CBORMap?

    /// Puts the parts together.
    public init(
        credential: PublicKeyCredentialDescriptor?, authenticatorData: [UInt8], signature: [UInt8],
        user: PublicKeyCredentialUserEntity? = nil, numberOfCredentials: UInt64? = nil, userSelected: Bool? = nil,
        largeBlobKey: [UInt8]? = nil, unsignedExtensionOutputs: CBORMap? = nil
    ) {
        self.credential = credential
        self.authenticatorData = authenticatorData
        self.signature = signature
        self.user = user
        self.numberOfCredentials = numberOfCredentials
        self.userSelected = userSelected
        self.largeBlobKey = largeBlobKey
        self.unsignedExtensionOutputs = unsignedExtensionOutputs
    }

    /// Reads the data of a response; what is thrown names the kind of defect.
    public init(data: [UInt8]) throws(CTAPStatus) {
        let map = try ParameterMap(data)
        self.init(
            credential: try map.optional(1, PublicKeyCredentialDescriptor.init(ctap:)),
            authenticatorData: try map.required(2, Member.bytes), signature: try map.required(3, Member.bytes),
            user: try map.optional(4, PublicKeyCredentialUserEntity.init(ctap:)),
            numberOfCredentials: try map.optional(5, Member.unsigned),
            userSelected: try map.optional(6, Member.boolean),
            largeBlobKey: try map.optional(7, Member.bytes),
            unsignedExtensionOutputs: try map.optional(8, Member.map))
    }

    /// The successful response that carries this data.
    public var response: CTAPResponse {
        var map = CBORMap()
        map[1] = credential?.ctap
        map[2] = .bytes(authenticatorData)
        map[3] = .bytes(signature)
        map[4] = user?.ctap
        map[5] = numberOfCredentials.map(CBORValue.unsigned)
        map[6] = userSelected.map(CBORValue.boolean)
        map[7] = largeBlobKey.map(CBORValue.bytes)
        map[8] = unsignedExtensionOutputs.map(CBORValue.map)
        return CTAPResponse(.success, data: CBOREncoder.encode(.map(map)))
    }
}

extension GetAssertionResponse: CustomStringConvertible, CustomReflectable {
    /// The kind only: a largeBlobKey is a secret.
    public var description: String { "getAssertion response" }
    /// No children, so that dumping a value that holds this one shows nothing either.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
