import CTAP
import WebAuthnModel

extension Authenticator {
    /// authenticatorGetAssertion; the numbers are the steps of CTAP 2.3 §6.2.2.
    func getAssertion(_ request: GetAssertionRequest, in context: CTAPRequestContext) async throws -> CTAPResponse {
        // 1, 2. The PIN/UV auth parameter.
        try await checkPINUVAuthParam(request.pinUVAuthParam, protocol: request.pinUVAuthProtocol, in: context)
        // A length that CTAP 2.3 §6.2 fixes without a step or a status of its own.
        guard request.clientDataHash.count == 32 else { throw CTAPStatus.invalidLength }
        // 3. Neither presence nor verification is shown so far.
        var flags: AuthenticatorData.Flags = backupFlags
        // 4. Options: presence is tested unless waived; `rk` has no meaning here, whatever its value.
        let needsPresence = request.options.userPresence ?? true
        let verify = try mustVerify(request.options, userPresence: needsPresence)
        guard request.options.discoverable == nil else { throw CTAPStatus.unsupportedOption }
        guard request.allowList?.count ?? 0 <= configuration.maximumCredentialCountInList else {
            throw CTAPStatus.limitExceeded
        }
        // 10, in advance. What the extensions are given is checked before anybody is asked.
        let prf = try assertionExtension(request.extensions, userPresence: needsPresence)
        // 5. alwaysUv is not supported.
        // 6. Built-in user verification; the same touch shows presence.
        let reason = UserRequest.Reason.getAssertion(relyingPartyID: request.relyingPartyID)
        let sources = try await locate(request)
        if verify {
            try await askUser(reason, needsVerification: true, isFutile: sources.isEmpty, in: context)
            flags.insert(.userVerified)
        }
        // 7. The credentials that fit; none is said at once, without a touch.
        guard let source = sources.first else { throw CTAPStatus.noCredentials }
        // 8, 9. User presence.
        if needsPresence {
            if !verify { try await askUser(reason, needsVerification: false, in: context) }
            flags.insert(.userPresent)
        }
        // 10. The extensions, evaluated with each signature; unknown ones are ignored.
        // 11, 12. One credential is used; without a display, several are handed out newest first. With one, whoever was
        // asked has also chosen the account: the newest, which a phone shows first.
        let hasAllowList = !(request.allowList ?? []).isEmpty
        let isChosen = configuration.flavour.hasDisplay && !hasAllowList && (needsPresence || verify)
        let assertion = Assertion(
            relyingPartyIDHash: Authenticator.hash(request.relyingPartyID), flags: flags,
            clientDataHash: request.clientDataHash, prf: prf)
        // 13. The signature.
        var response = try await sign(assertion, with: source)
        if isChosen {
            response.userSelected = true
        } else if sources.count > 1 {
            response.numberOfCredentials = UInt64(sources.count)
            remainingAssertions = RemainingAssertions(
                assertion: assertion, sources: sources.dropFirst(), transport: context.transport,
                lastStep: time.now())
        }
        return response.response
    }

    /// Step 7: one match of the allow list, or all discoverable credentials of the relying party, newest first.
    private func locate(_ request: GetAssertionRequest) async throws -> [CredentialSource] {
        guard let allowList = request.allowList, !allowList.isEmpty else {
            return try await store.sources(relyingPartyID: request.relyingPartyID)
        }
        for descriptor in allowList {
            if let source = try await source(descriptor, relyingPartyID: request.relyingPartyID) { return [source] }
        }
        return []
    }

    /// Signs authenticator data and client data hash, and says who the user is as far as that may be said.
    ///
    /// The user is named for discoverable credentials only, by the handle alone unless the user was verified (CTAP 2.3
    /// §6.2.2 step 13); an empty handle says nothing and is left out.
    func sign(_ assertion: Assertion, with source: CredentialSource) async throws -> GetAssertionResponse {
        let outputs = try assertionOutputs(of: assertion.prf, for: source, flags: assertion.flags)
        let data = AuthenticatorData(
            relyingPartyIDHash: assertion.relyingPartyIDHash, flags: assertion.flags,
            signatureCounter: try await nextSignatureCounter(), extensions: outputs.signed
        ).encoded
        var user: PublicKeyCredentialUserEntity?
        if source.isDiscoverable, !source.userHandle.isEmpty {
            let isVerified = assertion.flags.contains(.userVerified)
            user = PublicKeyCredentialUserEntity(
                id: source.userHandle, name: isVerified ? source.userName : nil,
                displayName: isVerified ? source.userDisplayName : nil)
        }
        return GetAssertionResponse(
            credential: PublicKeyCredentialDescriptor(id: source.id), authenticatorData: data,
            signature: try source.privateKey.signature(for: data + assertion.clientDataHash), user: user,
            unsignedExtensionOutputs: outputs.unsigned)
    }
}

/// What all assertions of one request have in common.
struct Assertion: Sendable {
    let relyingPartyIDHash: [UInt8]
    let flags: AuthenticatorData.Flags
    let clientDataHash: [UInt8]
    /// What is asked of each credential's pseudo-random function.
    let prf: AssertionExtension?
}
