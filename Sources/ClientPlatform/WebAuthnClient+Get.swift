public import CTAP
public import WebAuthnModel

extension WebAuthnClient {
    /// Gets an assertion as `navigator.credentials.get()` does (WebAuthn Level 3 §5.1.4, in that order).
    ///
    /// Of the client extensions, `prf` is answered, by authenticators that take it as phones do; the others are ignored, as
    /// are hints.
    ///
    /// - Parameters:
    ///   - options: the relying party's options.
    ///   - authenticator: the authenticator that the user has picked.
    ///   - attachment: how it is attached.
    ///   - choose: picks one of several assertions by the account in each; the first one when left out.
    public func get(
        _ options: PublicKeyCredentialRequestOptions, using authenticator: any CTAPClient,
        attachment: AuthenticatorAttachment,
        choosing choose: @Sendable ([GetAssertionResponse]) async -> GetAssertionResponse? = { $0.first }
    ) async throws(ClientPlatformError) -> AuthenticationResponse {
        // 1. The RP ID is one that the origin may claim.
        let relyingPartyID = try await relyingPartyID(options.rpId)
        // 2. The client data.
        let clientData = clientData(type: CollectedClientData.getType, challenge: options.challenge)
        // 3. The acceptable credentials.
        let given = options.allowCredentials ?? []
        let known = given.filter { $0.type == publicKeyCredentialType }
        guard given.isEmpty || !known.isEmpty else { throw .noAllowedCredential }
        let function = try PseudoRandomFunction.forAssertion(options.extensions, allowing: known)
        // 4. The authenticator is an eligible one.
        let info = try await Self.perform { () throws(CTAPClientError) in try await authenticator.getInfo() }
        let userVerification = try AuthenticatorCapabilities(info: info)
            .userVerificationForAssertion(options.userVerification)
        let allowList = try await Self.fitting(
            known, relyingPartyID: relyingPartyID, info: info, authenticator: authenticator)
        guard given.isEmpty || !allowList.isEmpty else { throw .authenticator(.status(.noCredentials)) }
        // 5. authenticatorGetAssertion.
        let request = GetAssertionRequest(
            relyingPartyID: relyingPartyID, clientDataHash: clientData.hash,
            allowList: allowList.isEmpty ? nil : allowList, extensions: function?.extensions(info),
            options: AuthenticatorOptions(userVerification: userVerification))
        let assertions = try await Self.perform { () throws(CTAPClientError) in
            try await authenticator.getAssertions(request)
        }
        // 6. One of them; nothing is asked when there is nothing to choose.
        let isChoice = assertions.count > 1 && assertions.first?.userSelected != true
        guard let assertion = isChoice ? await choose(assertions) : assertions.first else { throw .noneChosen }
        // 7. The answer belongs to the request.
        _ = try Self.authenticatorData(assertion.authenticatorData, relyingPartyID: relyingPartyID)
        let credentialID = try Self.credentialID(of: assertion, allowList: allowList)
        // 8. The response.
        var results: [String: JSONValue] = [:]
        if let function { results["prf"] = try function.assertionResults(assertion.unsignedExtensionOutputs) }
        return AuthenticationResponse(
            credentialID: credentialID,
            response: .init(
                clientDataJSON: clientData.json, authenticatorData: assertion.authenticatorData,
                signature: assertion.signature, userHandle: assertion.user?.id.bytes),
            authenticatorAttachment: attachment.rawValue, clientExtensionResults: results)
    }

    /// The credential that signed: an authenticator may leave it out when the list named a single one.
    private static func credentialID(
        of assertion: GetAssertionResponse, allowList: [PublicKeyCredentialDescriptor]
    ) throws(ClientPlatformError) -> [UInt8] {
        guard let id = assertion.credential?.id else {
            guard allowList.count == 1, let only = allowList.first else {
                throw .unexpectedAnswer("it does not say which credential signed")
            }
            return only.id.bytes
        }
        guard allowList.isEmpty || allowList.contains(where: { $0.id == id }) else {
            throw .unexpectedAnswer("it is signed by a credential that was not allowed")
        }
        return id.bytes
    }
}
