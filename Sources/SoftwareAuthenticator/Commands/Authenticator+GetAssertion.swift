import CBOR
import CTAP
import WebAuthnModel

extension Authenticator {
    /// authenticatorGetAssertion; the numbers are the steps of CTAP 2.3 §6.2.2.
    func getAssertion(_ request: GetAssertionRequest, in context: CTAPRequestContext) async throws -> CTAPResponse {
        // 1, 2. The PIN/UV auth parameter.
        let pinUVAuthProtocol = try await checkPINUVAuthParam(
            request.pinUVAuthParam, protocol: request.pinUVAuthProtocol, in: context)
        // A length that CTAP 2.3 §6.2 fixes without a step or a status of its own.
        guard request.clientDataHash.count == 32 else { throw CTAPStatus.invalidLength }
        // 3. Neither presence nor verification is shown so far.
        // 4. Options: presence is tested unless waived; `rk` has no meaning here, whatever its value.
        let state = try await state()
        let needsPresence = request.options.userPresence ?? true
        var verifies = try wantsVerification(request.options, state, hasToken: pinUVAuthProtocol != nil)
        guard request.options.discoverable == nil else { throw CTAPStatus.unsupportedOption }
        guard request.allowList?.count ?? 0 <= configuration.maximumCredentialCountInList else {
            throw CTAPStatus.limitExceeded
        }
        // 5. Where verification is needed, and there is none; where nobody can be verified, no proof is one.
        if needsPresence, state.alwaysVerifiesUser, !isProtected(state) { throw unverifiedStatus }
        if needsPresence, pinUVAuthProtocol == nil, !verifies {
            if state.alwaysVerifiesUser {
                guard canVerifyUser(state) else { throw unverifiedStatus }
                verifies = true
            } else if configuration.flavour.alwaysVerifiesUser {
                verifies = canVerifyUser(state)
            }
        }
        // 10, in advance of the first question. Deviation: whoever is asked is not asked in vain, so that what is wrong with an
        // extension's input is said before a refusal, and before step 7 where the authenticator verifies by itself.
        func checkedExtensions() throws -> AssertionExtensions {
            try assertionExtensions(request.extensions, userPresence: needsPresence)
        }
        let checkedBefore = verifies ? try checkedExtensions() : nil
        // 6. User verification.
        let reason = UserRequest.Reason.getAssertion(relyingPartyID: request.relyingPartyID)
        let futility = verifies ? try await locate(request, isVerified: true).total == 0 : false
        var verification = try await verification(
            VerificationQuestion(
                param: request.pinUVAuthParam, pinUVAuthProtocol: pinUVAuthProtocol, verifies: verifies,
                message: request.clientDataHash, permission: .getAssertion,
                relyingPartyID: request.relyingPartyID, reason: reason, isFutile: futility),
            state, in: context)
        // 7. The credentials that fit; none is said at once, without a touch.
        let page = try await locate(request, isVerified: verification.isVerified)
        guard let source = page.sources.first else { throw CTAPStatus.noCredentials }
        let extensions = try checkedBefore ?? checkedExtensions()
        // 8, 9. User presence, and what it leaves of the tokens.
        if needsPresence {
            if !verification.isPresent { try await askUser(reason, needsVerification: false, in: context) }
            verification.isPresent = true
            consumeTokens()
        } else {
            // A verification's touch is not one that anybody asked for.
            verification.isPresent = false
        }
        // 10. The extensions, evaluated with each signature; unknown ones are ignored.
        // 11, 12. One credential of a list is used (with CTAP 2.0, all are handed out); without a list and a display,
        // several are handed out newest first. With one, whoever was asked has also chosen the account: the newest,
        // which a phone shows first.
        let hasAllowList = !(request.allowList ?? []).isEmpty
        let isChosen =
            configuration.flavour.hasDisplay && !hasAllowList
            && (needsPresence || verification.isVerified)
        let assertion = Assertion(
            relyingPartyID: request.relyingPartyID, flags: backupFlags.union(verification.flags),
            verification: verification, clientDataHash: request.clientDataHash, extensions: extensions)
        // 13. The signature.
        var response = try await sign(assertion, with: source)
        if case .write(let blob)? = extensions.largeBlob {
            let isChosenByPlatform = hasAllowList && needsPresence
            let isWritten = isChosenByPlatform ? try await write(blob, beside: source) : false
            var outputs = response.unsignedExtensionOutputs ?? CBORMap()
            outputs[.text(LargeBlobOutput.identifier)] = LargeBlobOutput.written(isWritten).ctap
            response.unsignedExtensionOutputs = outputs
        }
        if isChosen {
            response.userSelected = true
        } else if page.total > 1 {
            response.numberOfCredentials = UInt64(page.total)
            remainingAssertions = RemainingAssertions(
                assertion: assertion, handedOut: 1, total: page.total,
                listed: hasAllowList ? page.sources.dropFirst() : nil, transport: context.transport,
                lastStep: time.now(), expiresAt: pinUVAuthProtocol == nil ? nil : tokensExpireAt)
        }
        return response.response
    }

    /// Keeps a large blob, where there is room for it; what is written cannot be taken for another credential's, as the
    /// platform has named it, and not without a touch.
    private func write(_ blob: LargeBlobData, beside source: CredentialSource) async throws -> Bool {
        guard source.properties.hasRoomForLargeBlob,
            blob.compressed.count <= configuration.maximumLargeBlobByteCount
        else { return false }
        return try await store.save(blob, forCredentialWithID: source.id)
    }

    /// Step 7: one match of the allow list (with CTAP 2.0, all), or the newest of all discoverable credentials of the
    /// relying party, as far as their protection allows.
    private func locate(_ request: GetAssertionRequest, isVerified: Bool) async throws -> CredentialPage {
        guard let allowList = request.allowList, !allowList.isEmpty else {
            return try await store.sources(
                relyingPartyID: request.relyingPartyID,
                protectedAtMost: isVerified ? .userVerificationRequired : .userVerificationOptional, skipping: 0,
                limit: 1)
        }
        var matches: [CredentialSource] = []
        for descriptor in allowList {
            guard let source = try await source(descriptor, relyingPartyID: request.relyingPartyID),
                isVerified || source.properties.protection < .userVerificationRequired,
                !matches.contains(where: { $0.id == source.id })
            else { continue }
            matches.append(source)
            if !configuration.profile.handsOutAllListed { break }
        }
        return CredentialPage(total: matches.count, sources: matches)
    }

    /// Signs authenticator data and client data hash, and says who the user is as far as that may be said.
    ///
    /// The user is named for discoverable credentials only, by the handle alone unless the user was verified (CTAP 2.3
    /// §6.2.2 step 13); an empty handle says nothing and is left out.
    func sign(_ assertion: Assertion, with source: CredentialSource) async throws -> GetAssertionResponse {
        let outputs = try assertionOutputs(of: assertion.extensions, for: source, assertion.verification)
        let data = AuthenticatorData(
            relyingPartyIDHash: Authenticator.hash(assertion.relyingPartyID), flags: assertion.flags,
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
            largeBlobKey: assertion.extensions.wantsLargeBlobKey
                ? source.properties.largeBlobKey?.exposeSecret() : nil,
            unsignedExtensionOutputs: outputs.unsigned)
    }
}

/// What all assertions of one request have in common.
struct Assertion: Sendable {
    let relyingPartyID: String
    let flags: AuthenticatorData.Flags
    let verification: Verification
    let clientDataHash: [UInt8]
    /// What is asked of each credential.
    let extensions: AssertionExtensions
}
