import CBOR
import CTAP
import WebAuthnModel

extension Authenticator {
    /// authenticatorMakeCredential; the numbers are the steps of CTAP 2.3 §6.1.2.
    func makeCredential(
        _ request: MakeCredentialRequest, in context: CTAPRequestContext
    ) async throws -> CTAPResponse {
        let relyingPartyID = request.relyingParty.id ?? ""
        // 1, 2. The PIN/UV auth parameter.
        let pinUVAuthProtocol = try await checkPINUVAuthParam(
            request.pinUVAuthParam, protocol: request.pinUVAuthProtocol, in: context)
        // Lengths that CTAP 2.3 §6.1 fixes without a step or a status of their own.
        guard request.clientDataHash.count == 32, request.user.id.bytes.count <= 64 else {
            throw CTAPStatus.invalidLength
        }
        // 3. The first algorithm that is supported. Deviation: that one lacks its number or its type was found when the request
        // was read, before step 1, so that nobody is asked to touch for what cannot be read.
        let acceptable = request.pubKeyCredParams.first {
            $0.type == publicKeyCredentialType && configuration.offers($0.alg)
        }
        guard let algorithm = acceptable?.alg else { throw CTAPStatus.unsupportedAlgorithm }
        // 4. Neither presence nor verification is shown so far.
        // 5. Options: discoverable credentials are always supported, presence cannot be waived.
        let state = try await state()
        let isDiscoverable = request.options.discoverable ?? false
        var verifies = try wantsVerification(request.options, state, hasToken: pinUVAuthProtocol != nil)
        let isPresenceOptionRefused = configuration.profile.refusesPresenceOptionForRegistration
        guard request.options.userPresence == nil || (request.options.userPresence == true && !isPresenceOptionRefused)
        else { throw CTAPStatus.invalidOption }
        guard request.excludeList?.count ?? 0 <= configuration.maximumCredentialCountInList else {
            throw CTAPStatus.limitExceeded
        }
        // 6, 7, 8. Where verification is needed, and there is none; where nobody can be verified, no proof is one.
        if state.alwaysVerifiesUser, !isProtected(state) { throw unverifiedStatus }
        let isUnverified = pinUVAuthProtocol == nil && !verifies
        if isUnverified, state.alwaysVerifiesUser {
            guard canVerifyUser(state) else { throw unverifiedStatus }
            verifies = true
        } else if isUnverified, configuration.flavour.alwaysVerifiesUser {
            // A phone shows its screen lock each time, which CTAP leaves to it.
            verifies = canVerifyUser(state)
        } else if isUnverified, !configuration.supportsPIN {
            // Deviation: who leaves verification out for a discoverable credential is not refused, but the user is verified
            // all the same. Chromium (checked with 156) asks so of an authenticator without PIN where a site wants a
            // discoverable credential and only prefers verification.
            verifies = isDiscoverable && canVerifyUser(state)
        } else if isUnverified, isProtected(state) {
            let isWaived = configuration.profile.waivesVerificationForRegistration && !isDiscoverable
            guard isWaived else { throw unverifiedStatus }
        }
        // 9. Enterprise attestation.
        let enterprise = try enterpriseAttestation(request, state)
        // 15, in advance of the first question. Deviation: whoever is asked is not asked in vain, so that what is wrong with an
        // extension's input is said before a refusal, and before step 12 where the authenticator verifies by itself.
        func checkedExtensions() throws -> RegistrationExtensions {
            try registrationExtensions(request.extensions, isDiscoverable: isDiscoverable)
        }
        let checkedBefore = verifies ? try checkedExtensions() : nil
        // 10, 11. User verification: a token's, or the authenticator's own; its touch shows presence as well.
        let reason = UserRequest.Reason.makeCredential(
            relyingPartyID: relyingPartyID, relyingPartyName: request.relyingParty.name,
            userName: request.user.name ?? request.user.displayName)
        var verification = try await verification(
            VerificationQuestion(
                param: request.pinUVAuthParam, pinUVAuthProtocol: pinUVAuthProtocol, verifies: verifies,
                message: request.clientDataHash, permission: .makeCredential, relyingPartyID: relyingPartyID,
                reason: reason,
                isFutile: try await holdsOne(
                    of: request.excludeList ?? [], relyingPartyID: relyingPartyID, isVerified: true)),
            state, in: context)
        // 12. Excluded credentials.
        if try await holdsOne(
            of: request.excludeList ?? [], relyingPartyID: relyingPartyID, isVerified: verification.isVerified)
        {
            if !verification.isPresent { try await touchForExclusion(relyingPartyID, in: context) }
            throw CTAPStatus.credentialExcluded
        }
        let extensions = try checkedBefore ?? checkedExtensions()
        // 13, 14. User presence, and what it leaves of the tokens.
        if !verification.isPresent {
            try await askUser(reason, needsVerification: false, in: context)
            verification.isPresent = true
        }
        consumeTokens()
        // 15, 16. The credential and its extensions.
        let relyingPartyIDHash = Authenticator.hash(relyingPartyID)
        let source = try await newSource(
            for: request, relyingPartyIDHash, algorithm: algorithm, isDiscoverable: isDiscoverable,
            properties: properties(of: extensions, isDiscoverable: isDiscoverable))
        let outputs = try registrationOutputs(
            of: extensions, for: source, verification, configuration.supportsPIN ? state : nil)
        // 17. The attestation.
        let (attestation, isOmitted) = (enterprise.map { [.basic($0)] } ?? configuration.attestations).choice(
            for: algorithm, preference: request.attestationFormatsPreference)
        let data = AuthenticatorData(
            relyingPartyIDHash: relyingPartyIDHash, flags: backupFlags.union(verification.flags),
            signatureCounter: try await nextSignatureCounter(),
            attestedCredentialData: AttestedCredentialData(
                aaguid: attestation.disclosed(configuration.aaguid), credentialID: source.id,
                publicKey: source.privateKey.publicKey),
            extensions: outputs.signed
        ).encoded
        let credential = NewCredential(
            id: source.id, key: source.privateKey, relyingPartyIDHash: relyingPartyIDHash,
            authenticatorData: data, clientDataHash: request.clientDataHash)
        let statement: CBORMap?
        if isDiscoverable {
            // The account's earlier credential is replaced only if the attestation succeeds as well.
            statement = try await store.save(source) {
                isOmitted ? nil : try credential.statement(attestation, using: &randomness)
            }
        } else {
            statement = isOmitted ? nil : try credential.statement(attestation, using: &randomness)
            remember(relyingPartyIDHash)
        }
        return MakeCredentialResponse(
            format: attestation.format, authenticatorData: data, statement: statement,
            enterpriseAttestation: enterprise == nil || attestation == .none ? nil : true,
            largeBlobKey: source.properties.largeBlobKey?.exposeSecret(),
            unsignedExtensionOutputs: outputs.unsigned
        ).response
    }

    /// Step 9: the identity to vouch with if an enterprise attestation is asked for and granted.
    private func enterpriseAttestation(
        _ request: MakeCredentialRequest, _ state: AuthenticatorState
    ) throws(CTAPStatus) -> AttestationIdentity? {
        guard let kind = request.enterpriseAttestation else { return nil }
        guard let identity = enterpriseIdentity, state.isEnterpriseAttestationEnabled else {
            throw .invalidParameter
        }
        switch kind {
        case 1:
            // Facilitated by the vendor: for certain relying parties.
            let id = request.relyingParty.id ?? ""
            return configuration.enterpriseRelyingPartyIDs.contains { $0.utf8.elementsEqual(id.utf8) } ? identity : nil
        case 2: return identity  // managed by the platform, which is trusted with the choice
        default: throw .invalidOption
        }
    }

    /// Whether one of the credentials is this authenticator's, as far as an unverified user may know.
    private func holdsOne(
        of descriptors: [PublicKeyCredentialDescriptor], relyingPartyID: String, isVerified: Bool
    ) async throws -> Bool {
        for descriptor in descriptors {
            guard let source = try await source(descriptor, relyingPartyID: relyingPartyID) else { continue }
            if isVerified || source.properties.protection < .userVerificationRequired { return true }
        }
        return false
    }

    /// Obtains a touch whose outcome does not matter, so that a platform cannot probe for credentials unnoticed.
    private func touchForExclusion(
        _ relyingPartyID: String, in context: CTAPRequestContext
    ) async throws(CTAPStatus) {
        let reason = UserRequest.Reason.excludedCredential(relyingPartyID: relyingPartyID)
        do throws(CTAPStatus) {
            try await askUser(reason, needsVerification: false, in: context)
        } catch .keepaliveCancel {
            throw .keepaliveCancel
        } catch {
            return  // denied or timed out: the answer is the same
        }
    }

    /// Step 16: generates the key; a discoverable credential has a random ID, any other is wrapped into its ID.
    private func newSource(
        for request: MakeCredentialRequest, _ relyingPartyIDHash: [UInt8], algorithm: COSEAlgorithm,
        isDiscoverable: Bool, properties: CredentialProperties
    ) async throws -> CredentialSource {
        let relyingPartyID = request.relyingParty.id ?? ""
        let key = try CredentialPrivateKey(
            generating: algorithm, supplement: configuration.supplement, using: &randomness)
        guard !isDiscoverable else {
            return CredentialSource(
                id: randomBytes(32, using: &randomness), relyingPartyID: relyingPartyID,
                userHandle: request.user.id.bytes,
                userName: request.user.name?.shortened(toByteCount: Authenticator.maximumNameByteCount),
                userDisplayName: request.user.displayName?.shortened(toByteCount: Authenticator.maximumNameByteCount),
                privateKey: key, isDiscoverable: true, properties: properties)
        }
        let id = try WrappedCredentialID.seal(
            key, properties: properties, relyingPartyIDHash: relyingPartyIDHash,
            wrappingKey: try await wrappingKey(), using: &randomness)
        return CredentialSource(
            id: id, relyingPartyID: relyingPartyID, userHandle: [], privateKey: key, isDiscoverable: false,
            properties: properties)
    }
}
