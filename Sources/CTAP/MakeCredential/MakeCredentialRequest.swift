public import CBOR
public import WebAuthnModel

/// The parameters of authenticatorMakeCredential (CTAP 2.3 §6.1).
///
/// | key | member | type |
/// |---|---|---|
/// | 1 | clientDataHash | bstr, 32 bytes |
/// | 2 | rp | map |
/// | 3 | user | map |
/// | 4 | pubKeyCredParams | array of map |
/// | 5 | excludeList | array of map, optional |
/// | 6 | extensions | map, optional |
/// | 7 | options | map of bool, optional |
/// | 8 | pinUvAuthParam | bstr, optional |
/// | 9 | pinUvAuthProtocol | uint, optional |
/// | 10 | enterpriseAttestation | uint, optional |
/// | 11 | attestationFormatsPreference | array of tstr, optional |
public struct MakeCredentialRequest: Hashable, Sendable {
    /// SHA-256 of the client data.
    public var clientDataHash: [UInt8]
    /// The relying party; its `id` is always present once decoded.
    public var relyingParty: PublicKeyCredentialRelyingPartyEntity
    /// The account.
    public var user: PublicKeyCredentialUserEntity
    /// Acceptable algorithms, most wanted first.
    public var pubKeyCredParams: [PublicKeyCredentialParameters]
    /// Credentials that must not exist on this authenticator.
    public var excludeList: [PublicKeyCredentialDescriptor]?
    /// Extension inputs.
    public var extensions: CBORMap?
    /// The options.
    public var options: AuthenticatorOptions
    /// Proof that the platform holds a PIN/UV auth token.
    public var pinUVAuthParam: [UInt8]?
    /// The PIN/UV auth protocol of that proof.
    public var pinUVAuthProtocol: UInt64?
    /// The kind of enterprise attestation wanted.
    public var enterpriseAttestation: UInt64?
    /// Attestation statement formats, most wanted first.
    public var attestationFormatsPreference: [String]?

    /// Puts the usual parts together.
    public init(
        clientDataHash: [UInt8], relyingParty: PublicKeyCredentialRelyingPartyEntity,
        user: PublicKeyCredentialUserEntity, pubKeyCredParams: [PublicKeyCredentialParameters],
        excludeList: [PublicKeyCredentialDescriptor]? = nil, extensions: CBORMap? = nil,
        options: AuthenticatorOptions = AuthenticatorOptions(), attestationFormatsPreference: [String]? = nil
    ) {
        self.clientDataHash = clientDataHash
        self.relyingParty = relyingParty
        self.user = user
        self.pubKeyCredParams = pubKeyCredParams
        self.excludeList = excludeList
        self.extensions = extensions
        self.options = options
        self.attestationFormatsPreference = attestationFormatsPreference
    }
}

/// The options of makeCredential and getAssertion; an absent one has the default that the command gives it.
public struct AuthenticatorOptions: Hashable, Sendable {
    /// `rk`: make the credential discoverable.
    public var discoverable: Bool?
    /// `up`: test that the user is present.
    public var userPresence: Bool?
    /// `uv`: verify the user by built-in means.
    public var userVerification: Bool?

    /// Puts the options together.
    public init(discoverable: Bool? = nil, userPresence: Bool? = nil, userVerification: Bool? = nil) {
        self.discoverable = discoverable
        self.userPresence = userPresence
        self.userVerification = userVerification
    }

    init(ctap item: CBORValue) throws(CTAPStatus) {
        let map = try Member.map(item)
        self.init(
            discoverable: try Member.optional("rk", in: map, Member.boolean),
            userPresence: try Member.optional("up", in: map, Member.boolean),
            userVerification: try Member.optional("uv", in: map, Member.boolean))
    }

    /// The map, `nil` when no option is given.
    var ctap: CBORValue? {
        var map = CBORMap()
        map["rk"] = discoverable.map(CBORValue.boolean)
        map["up"] = userPresence.map(CBORValue.boolean)
        map["uv"] = userVerification.map(CBORValue.boolean)
        return map.isEmpty ? nil : .map(map)
    }
}
