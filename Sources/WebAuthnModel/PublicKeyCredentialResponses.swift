/// `RegistrationResponseJSON` (WebAuthn Level 3 §5.1.7): what `create()` yields.
public struct RegistrationResponse: Hashable, Sendable, Codable {
    /// `AuthenticatorAttestationResponseJSON`.
    public struct Response: Hashable, Sendable, Codable {
        /// The client data exactly as hashed.
        public var clientDataJSON: Base64URLString
        /// The authenticator data, a copy of what the attestation object holds.
        public var authenticatorData: Base64URLString?
        /// How the authenticator can be reached.
        public var transports: [AuthenticatorTransport]?
        /// The public key as SubjectPublicKeyInfo, where the client knows the algorithm.
        public var publicKey: Base64URLString?
        /// The algorithm of the public key.
        public var publicKeyAlgorithm: COSEAlgorithm?
        /// The attestation object.
        public var attestationObject: Base64URLString

        /// Puts the parts together.
        public init(
            clientDataJSON: [UInt8], authenticatorData: [UInt8]? = nil, transports: [AuthenticatorTransport]? = nil,
            publicKeyAlgorithm: COSEAlgorithm? = nil, attestationObject: [UInt8]
        ) {
            self.clientDataJSON = Base64URLString(clientDataJSON)
            self.authenticatorData = authenticatorData.map(Base64URLString.init)
            self.transports = transports
            self.publicKeyAlgorithm = publicKeyAlgorithm
            self.attestationObject = Base64URLString(attestationObject)
        }
    }

    /// The credential ID.
    public var id: Base64URLString
    /// The credential ID again.
    public var rawId: Base64URLString
    /// The credential type.
    public var type: String
    /// The authenticator's answer.
    public var response: Response
    /// `platform` or `cross-platform`.
    public var authenticatorAttachment: String?
    /// Client extension outputs.
    public var clientExtensionResults: [String: JSONValue]

    /// Puts the parts together.
    public init(
        credentialID: [UInt8], response: Response, authenticatorAttachment: String?,
        clientExtensionResults: [String: JSONValue] = [:]
    ) {
        id = Base64URLString(credentialID)
        rawId = Base64URLString(credentialID)
        type = publicKeyCredentialType
        self.response = response
        self.authenticatorAttachment = authenticatorAttachment
        self.clientExtensionResults = clientExtensionResults
    }
}

/// `AuthenticationResponseJSON` (WebAuthn Level 3 §5.1.7): what `get()` yields.
public struct AuthenticationResponse: Hashable, Sendable, Codable {
    /// `AuthenticatorAssertionResponseJSON`.
    public struct Response: Hashable, Sendable, Codable {
        /// The client data exactly as hashed.
        public var clientDataJSON: Base64URLString
        /// The authenticator data exactly as signed.
        public var authenticatorData: Base64URLString
        /// The signature.
        public var signature: Base64URLString
        /// The user handle, for discoverable credentials.
        public var userHandle: Base64URLString?

        /// Puts the parts together.
        public init(
            clientDataJSON: [UInt8], authenticatorData: [UInt8], signature: [UInt8], userHandle: [UInt8]?
        ) {
            self.clientDataJSON = Base64URLString(clientDataJSON)
            self.authenticatorData = Base64URLString(authenticatorData)
            self.signature = Base64URLString(signature)
            self.userHandle = userHandle.map(Base64URLString.init)
        }
    }

    /// The credential ID.
    public var id: Base64URLString
    /// The credential ID again.
    public var rawId: Base64URLString
    /// The credential type.
    public var type: String
    /// The authenticator's answer.
    public var response: Response
    /// `platform` or `cross-platform`.
    public var authenticatorAttachment: String?
    /// Client extension outputs.
    public var clientExtensionResults: [String: JSONValue]

    /// Puts the parts together.
    public init(
        credentialID: [UInt8], response: Response, authenticatorAttachment: String?,
        clientExtensionResults: [String: JSONValue] = [:]
    ) {
        id = Base64URLString(credentialID)
        rawId = Base64URLString(credentialID)
        type = publicKeyCredentialType
        self.response = response
        self.authenticatorAttachment = authenticatorAttachment
        self.clientExtensionResults = clientExtensionResults
    }
}
