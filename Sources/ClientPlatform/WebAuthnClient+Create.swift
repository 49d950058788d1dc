import CBOR
public import CTAP
public import WebAuthnModel

extension WebAuthnClient {
    /// Makes a credential as `navigator.credentials.create()` does (WebAuthn Level 3 §5.1.3, in that order).
    ///
    /// Of the client extensions, `credProps` is answered, and `prf` by authenticators that take it as phones do; the others
    /// are ignored, as are hints.
    ///
    /// - Parameters:
    ///   - options: the relying party's options.
    ///   - authenticator: the authenticator that the user has picked.
    ///   - attachment: how it is attached.
    ///   - transports: how it can be reached; what the authenticator itself says when absent.
    public func create(
        _ options: PublicKeyCredentialCreationOptions, using authenticator: any CTAPClient,
        attachment: AuthenticatorAttachment, transports: [AuthenticatorTransport]? = nil
    ) async throws(ClientPlatformError) -> RegistrationResponse {
        // 1. The user handle has 1 to 64 bytes.
        let user = options.user
        guard 1...64 ~= user.id.bytes.count else { throw .userHandleLength(user.id.bytes.count) }
        // 2. The RP ID is one that the origin may claim.
        let relyingPartyID = try await relyingPartyID(options.rp.id)
        // 3. The algorithms: ES256 and RS256 when none is named.
        let parameters = try Self.parameters(options.pubKeyCredParams)
        let function = try PseudoRandomFunction.forCreation(options.extensions)
        // 4. The client data.
        let clientData = clientData(type: CollectedClientData.createType, challenge: options.challenge)
        // 5. The authenticator is an eligible one.
        let selection = options.authenticatorSelection
        if let wanted = selection?.authenticatorAttachment.flatMap(AuthenticatorAttachment.init(rawValue:)) {
            guard wanted == attachment else { throw .attachment(wanted: wanted.rawValue) }
        }
        let info = try await Self.perform { () throws(CTAPClientError) in try await authenticator.getInfo() }
        let capabilities = AuthenticatorCapabilities(info: info)
        let discoverable = try capabilities.discoverable(selection)
        let userVerification = try capabilities.userVerificationForCreation(selection?.userVerification)
        // 6. authenticatorMakeCredential.
        let wantsAttestation = ["indirect", "direct", "enterprise"].contains(options.attestation)
        let excludeList = try await Self.fitting(
            (options.excludeCredentials ?? []).filter { $0.type == publicKeyCredentialType },
            relyingPartyID: relyingPartyID, info: info, authenticator: authenticator)
        let request = MakeCredentialRequest(
            clientDataHash: clientData.hash,
            relyingParty: PublicKeyCredentialRelyingPartyEntity(id: relyingPartyID, name: options.rp.name),
            user: user, pubKeyCredParams: parameters, excludeList: excludeList.isEmpty ? nil : excludeList,
            extensions: function?.extensions(info),
            options: AuthenticatorOptions(discoverable: discoverable, userVerification: userVerification),
            attestationFormatsPreference: wantsAttestation ? options.attestationFormats : nil)
        let answer = try await Self.perform { () throws(CTAPClientError) in
            try await authenticator.makeCredential(request)
        }
        // 7. The answer belongs to the request.
        let data = try Self.authenticatorData(answer.authenticatorData, relyingPartyID: relyingPartyID)
        guard let credential = data.attestedCredentialData else { throw .unexpectedAnswer("it holds no credential") }
        let algorithm = credential.publicKey.algorithm
        guard parameters.contains(where: { $0.alg == algorithm }) else {
            throw .unexpectedAnswer("its key is for \(algorithm), which was not asked for")
        }
        // 8. The attestation object, with as much attestation as the relying party wants.
        let object = Self.attestationObject(answer, aaguid: credential.aaguid, wantsAttestation: wantsAttestation)
        // 9. The response.
        var response = RegistrationResponse.Response(
            clientDataJSON: clientData.json, authenticatorData: answer.authenticatorData,
            transports: Self.ordered(transports ?? info.transports ?? []), publicKeyAlgorithm: algorithm,
            attestationObject: object.encoded)
        response.publicKey = credential.publicKey.subjectPublicKeyInfo.map(Base64URLString.init)
        var results: [String: JSONValue] = [:]
        if options.extensions?["credProps"] == .boolean(true) {
            results["credProps"] = .object(["rk": .boolean(discoverable == true)])
        }
        if let function { results["prf"] = try function.creationResults(answer.unsignedExtensionOutputs) }
        return RegistrationResponse(
            credentialID: credential.credentialID, response: response, authenticatorAttachment: attachment.rawValue,
            clientExtensionResults: results)
    }

    private static func parameters(
        _ given: [PublicKeyCredentialParameters]
    ) throws(ClientPlatformError) -> [PublicKeyCredentialParameters] {
        guard !given.isEmpty else {
            return [PublicKeyCredentialParameters(.es256), PublicKeyCredentialParameters(.rs256)]
        }
        let known = given.filter { $0.type == publicKeyCredentialType }
        guard !known.isEmpty else { throw .noCredentialType }
        return known
    }

    /// With conveyance `none`, replaces the statement by the empty one of format `none`.
    ///
    /// The AAGUID stays as it is: Level 3 no longer has it erased. Self attestation under a zero AAGUID says nothing
    /// about the authenticator and stays too.
    private static func attestationObject(
        _ answer: MakeCredentialResponse, aaguid: AAGUID, wantsAttestation: Bool
    ) -> AttestationObject {
        let isSelfAttested = answer.format == .packed && answer.statement?["x5c"] == nil && answer.statement != nil
        if wantsAttestation || (isSelfAttested && aaguid == .zero) {
            return AttestationObject(
                format: answer.format, statement: answer.statement ?? CBORMap(),
                authenticatorData: answer.authenticatorData)
        }
        return AttestationObject(
            format: .none, statement: CBORMap(), authenticatorData: answer.authenticatorData)
    }

    /// Distinct and in lexicographical order, as `getTransports()` has it (§5.2.1).
    private static func ordered(_ transports: [AuthenticatorTransport]) -> [AuthenticatorTransport] {
        Set(transports).sorted { $0.rawValue < $1.rawValue }
    }

    /// Performs an operation of the authenticator and names its failure.
    static func perform<Value: Sendable>(
        _ operation: () async throws(CTAPClientError) -> Value
    ) async throws(ClientPlatformError) -> Value {
        do throws(CTAPClientError) {
            return try await operation()
        } catch {
            throw .authenticator(error)
        }
    }
}
