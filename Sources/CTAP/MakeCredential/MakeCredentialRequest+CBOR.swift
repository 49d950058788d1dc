import CBOR
import WebAuthnModel

extension MakeCredentialRequest {
    /// Reads the parameters; what is thrown is the status to answer with.
    ///
    /// - Parameters:
    ///   - parameters: the CBOR map.
    ///   - incompleteAlgorithm: the status for an algorithm without number or type (CTAP 2.3 §6.1.2 step 3).
    public init(parameters: [UInt8], incompleteAlgorithm: CTAPStatus = .invalidCBOR) throws(CTAPStatus) {
        func algorithm(_ item: CBORValue) throws(CTAPStatus) -> PublicKeyCredentialParameters {
            try PublicKeyCredentialParameters(ctap: item, incomplete: incompleteAlgorithm)
        }
        let map = try ParameterMap(parameters)
        self.init(
            clientDataHash: try map.required(1, Member.bytes),
            relyingParty: try map.required(2, PublicKeyCredentialRelyingPartyEntity.init(ctap:)),
            user: try map.required(3, PublicKeyCredentialUserEntity.init(ctap:)),
            pubKeyCredParams: try map.required(4, Member.array(algorithm)),
            excludeList: try map.optional(5, Member.array(PublicKeyCredentialDescriptor.init(ctap:))),
            extensions: try map.optional(6, Member.map),
            options: try map.optional(7, AuthenticatorOptions.init(ctap:)) ?? AuthenticatorOptions(),
            attestationFormatsPreference: try map.optional(11, Member.textArray))
        pinUVAuthParam = try map.optional(8, Member.bytes)
        pinUVAuthProtocol = try map.optional(9, Member.unsigned)
        enterpriseAttestation = try map.optional(10, Member.unsigned)
    }

    /// The request that carries these parameters.
    public var request: CTAPRequest {
        var map = CBORMap()
        map[1] = .bytes(clientDataHash)
        map[2] = relyingParty.ctap
        map[3] = user.ctap
        map[4] = .array(pubKeyCredParams.map(\.ctap))
        map[5] = excludeList.map { .array($0.map(\.ctap)) }
        map[6] = extensions.map(CBORValue.map)
        map[7] = options.ctap
        map[8] = pinUVAuthParam.map(CBORValue.bytes)
        map[9] = pinUVAuthProtocol.map(CBORValue.unsigned)
        map[10] = enterpriseAttestation.map(CBORValue.unsigned)
        map[11] = attestationFormatsPreference.map { .array($0.map(CBORValue.text)) }
        return CTAPRequest(.makeCredential, parameters: CBOREncoder.encode(.map(map)))
    }
}
