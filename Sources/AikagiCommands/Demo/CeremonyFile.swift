import CBOR
import FoundationEssentials
import WebAuthnModel

/// A ceremony as the report leaves it for others to verify: options, response, and what a verifier has to know.
struct CeremonyFile: Encodable, Sendable {
    /// `registration` or `authentication`.
    var kind: String
    /// The manual's step.
    var step: String
    /// The RP ID.
    var rpId: String
    /// The page's origin.
    var origin: String
    /// The challenge.
    var challenge: Base64URLString
    /// The options of a registration.
    var creationOptions: PublicKeyCredentialCreationOptions?
    /// The options of an authentication.
    var requestOptions: PublicKeyCredentialRequestOptions?
    /// What the authenticator answered to a registration.
    var registration: RegistrationResponse?
    /// What the authenticator answered to an authentication.
    var authentication: AuthenticationResponse?
    /// The credential public key (COSE_Key) that an authentication is verified with.
    var credentialPublicKey: Base64URLString?
    /// The certificate that attestation chains end in (PEM).
    var attestationRoot: String?

    private enum CodingKeys: String, CodingKey {
        case kind, step, rpId, origin, challenge, options, response, credentialPublicKey, attestationRoot
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(kind, forKey: .kind)
        try container.encode(step, forKey: .step)
        try container.encode(rpId, forKey: .rpId)
        try container.encode(origin, forKey: .origin)
        try container.encode(challenge, forKey: .challenge)
        try container.encodeIfPresent(creationOptions, forKey: .options)
        try container.encodeIfPresent(requestOptions, forKey: .options)
        try container.encodeIfPresent(registration, forKey: .response)
        try container.encodeIfPresent(authentication, forKey: .response)
        try container.encodeIfPresent(credentialPublicKey, forKey: .credentialPublicKey)
        try container.encodeIfPresent(attestationRoot, forKey: .attestationRoot)
    }

    /// A registration.
    init(
        step: String, origin: String, rpId: String, options: PublicKeyCredentialCreationOptions,
        response: RegistrationResponse, attestationRoot: String?
    ) {
        kind = "registration"
        self.step = step
        self.origin = origin
        self.rpId = rpId
        challenge = options.challenge
        creationOptions = options
        registration = response
        self.attestationRoot = attestationRoot
    }

    /// An authentication.
    init(
        step: String, origin: String, rpId: String, options: PublicKeyCredentialRequestOptions,
        response: AuthenticationResponse, credentialPublicKey: [UInt8]?
    ) {
        kind = "authentication"
        self.step = step
        self.origin = origin
        self.rpId = rpId
        challenge = options.challenge
        requestOptions = options
        authentication = response
        self.credentialPublicKey = credentialPublicKey.map(Base64URLString.init)
    }

    /// The credential public key that a registration brought, as COSE_Key.
    static func publicKey(of response: RegistrationResponse) throws -> [UInt8] {
        let object = try AttestationObject(decoding: response.response.attestationObject.bytes)
        let data = try AuthenticatorData(decoding: object.authenticatorData)
        guard let attested = data.attestedCredentialData else { throw WebFailure("the registration has no credential") }
        return CBOREncoder.encode(attested.publicKey.cbor)
    }
}
