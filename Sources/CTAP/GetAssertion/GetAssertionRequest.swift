public import CBOR
public import WebAuthnModel

/// The parameters of authenticatorGetAssertion (CTAP 2.3 §6.2).
///
/// | key | member | type |
/// |---|---|---|
/// | 1 | rpId | tstr |
/// | 2 | clientDataHash | bstr, 32 bytes |
/// | 3 | allowList | array of map, optional |
/// | 4 | extensions | map, optional |
/// | 5 | options | map of bool, optional |
/// | 6 | pinUvAuthParam | bstr, optional |
/// | 7 | pinUvAuthProtocol | uint, optional |
public struct GetAssertionRequest: Hashable, Sendable {
    /// The RP ID.
    public var relyingPartyID: String
    /// SHA-256 of the client data.
    public var clientDataHash: [UInt8]
    /// Acceptable credentials; absent or empty means any discoverable one.
    public var allowList: [PublicKeyCredentialDescriptor]?
    /// Extension inputs.
    public var extensions: CBORMap?
    /// The options; `rk` must not be given.
    public var options: AuthenticatorOptions
    /// Proof that the platform holds a PIN/UV auth token.
    public var pinUVAuthParam: [UInt8]?
    /// The PIN/UV auth protocol of that proof.
    public var pinUVAuthProtocol: UInt64?

    /// Puts the usual parts together.
    public init(
        relyingPartyID: String, clientDataHash: [UInt8], allowList: [PublicKeyCredentialDescriptor]? = nil,
        extensions: CBORMap? = nil, options: AuthenticatorOptions = AuthenticatorOptions()
    ) {
        self.relyingPartyID = relyingPartyID
        self.clientDataHash = clientDataHash
        self.allowList = allowList
        self.extensions = extensions
        self.options = options
    }

    /// Reads the parameters; what is thrown is the status to answer with.
    ///
    /// A phone's `prf` with salts by credential has five levels of maps, one more than CTAP 2.3 §8 allows; real clients send
    /// it, so it is let through, and nothing else is.
    public init(parameters: [UInt8]) throws(CTAPStatus) {
        let map = try ParameterMap(parameters, deepExtension: PRFInput.identifier, under: 4)
        self.init(
            relyingPartyID: try map.required(1, Member.text), clientDataHash: try map.required(2, Member.bytes),
            allowList: try map.optional(3, Member.array(PublicKeyCredentialDescriptor.init(ctap:))),
            extensions: try map.optional(4, Member.map),
            options: try map.optional(5, AuthenticatorOptions.init(ctap:)) ?? AuthenticatorOptions())
        pinUVAuthParam = try map.optional(6, Member.bytes)
        pinUVAuthProtocol = try map.optional(7, Member.unsigned)
    }

    /// The request that carries these parameters.
    public var request: CTAPRequest {
        var map = CBORMap()
        map[1] = .text(relyingPartyID)
        map[2] = .bytes(clientDataHash)
        map[3] = allowList.map { .array($0.map(\.ctap)) }
        map[4] = extensions.map(CBORValue.map)
        map[5] = options.ctap
        map[6] = pinUVAuthParam.map(CBORValue.bytes)
        map[7] = pinUVAuthProtocol.map(CBORValue.unsigned)
        return CTAPRequest(.getAssertion, parameters: CBOREncoder.encode(.map(map)))
    }
}
