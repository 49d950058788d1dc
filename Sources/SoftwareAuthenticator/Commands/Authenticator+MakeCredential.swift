import CTAP
import WebAuthnModel

extension Authenticator {
    /// authenticatorMakeCredential; the numbers are the steps of CTAP 2.3 §6.1.2.
    func makeCredential(
        _ request: MakeCredentialRequest, in context: CTAPRequestContext
    ) async throws -> CTAPResponse {
        let relyingPartyID = request.relyingParty.id ?? ""
        // 1, 2. The PIN/UV auth parameter.
        try await checkPINUVAuthParam(request.pinUVAuthParam, protocol: request.pinUVAuthProtocol, in: context)
        // Lengths that CTAP 2.3 §6.1 fixes without a step or a status of their own.
        guard request.clientDataHash.count == 32, request.user.id.bytes.count <= 64 else {
            throw CTAPStatus.invalidLength
        }
        // 3. The first algorithm that is supported.
        let acceptable = request.pubKeyCredParams.first {
            $0.type == publicKeyCredentialType && CredentialPrivateKey.supportedAlgorithms.contains($0.alg)
        }
        guard let algorithm = acceptable?.alg else { throw CTAPStatus.unsupportedAlgorithm }
        // 4. Neither presence nor verification is shown so far.
        var flags: AuthenticatorData.Flags = backupFlags
        // 5. Options: discoverable credentials are always supported, presence cannot be waived.
        let isDiscoverable = request.options.discoverable ?? false
        var verify = try mustVerify(request.options, userPresence: true)
        guard request.options.userPresence != false else { throw CTAPStatus.invalidOption }
        guard request.excludeList?.count ?? 0 <= configuration.maximumCredentialCountInList else {
            throw CTAPStatus.limitExceeded
        }
        // 6. alwaysUv is not supported.
        // 7, 8. As before CTAP 2.1, verification may be left out, though not for a discoverable credential. Deviation:
        // who leaves it out there is not refused, but the user is verified all the same. Chromium (checked with 156) asks
        // so where a site wants a discoverable credential and only prefers verification, and there is no PIN to fall back to.
        if isDiscoverable, configuration.verifiesUser { verify = true }
        // 9. Enterprise attestation is not supported.
        guard request.enterpriseAttestation == nil else { throw CTAPStatus.invalidParameter }
        // 15, in advance. What the extensions are given is checked before anybody is asked.
        let prf = try registrationExtension(request.extensions)
        // 10, 11. Built-in user verification; the same touch shows presence.
        let reason = UserRequest.Reason.makeCredential(
            relyingPartyID: relyingPartyID, relyingPartyName: request.relyingParty.name,
            userName: request.user.name ?? request.user.displayName)
        let isExcluded = try await holdsOne(of: request.excludeList ?? [], relyingPartyID: relyingPartyID)
        if verify {
            try await askUser(reason, needsVerification: true, isFutile: isExcluded, in: context)
            flags.formUnion([.userVerified, .userPresent])
        }
        // 12. Excluded credentials.
        if isExcluded {
            if !flags.contains(.userPresent) { try await touchForExclusion(relyingPartyID, in: context) }
            throw CTAPStatus.credentialExcluded
        }
        // 13, 14. User presence.
        if !flags.contains(.userPresent) {
            try await askUser(reason, needsVerification: false, in: context)
            flags.insert(.userPresent)
        }
        // 16. The credential.
        let source = try await newSource(for: request, algorithm: algorithm, isDiscoverable: isDiscoverable)
        // 15. The extensions; those of a credential's pseudo-random function need its key. Unknown ones are ignored.
        let outputs = registrationOutputs(of: prf, for: source, flags: flags)
        // 17. The attestation.
        let data = AuthenticatorData(
            relyingPartyIDHash: Authenticator.hash(relyingPartyID), flags: flags,
            signatureCounter: try await nextSignatureCounter(),
            attestedCredentialData: AttestedCredentialData(
                aaguid: configuration.aaguid, credentialID: source.id, publicKey: source.privateKey.publicKey),
            extensions: outputs.signed
        ).encoded
        let (format, statement) = try configuration.attestation.statement(
            preference: request.attestationFormatsPreference, authenticatorData: data,
            clientDataHash: request.clientDataHash, key: source.privateKey)
        // What can fail has been done: only now is the account's earlier credential replaced.
        if isDiscoverable { try await store.save(source) }
        return MakeCredentialResponse(
            format: format, authenticatorData: data, statement: statement,
            unsignedExtensionOutputs: outputs.unsigned
        ).response
    }

    /// The `uv` option of either command, with the refusal that step 5 of §6.1.2 and step 4 of §6.2.2 share.
    ///
    /// A flavour that always verifies does so for every request that tests presence, which CTAP leaves to it.
    func mustVerify(_ options: AuthenticatorOptions, userPresence: Bool) throws(CTAPStatus) -> Bool {
        if options.userVerification == true {
            guard configuration.verifiesUser else { throw .invalidOption }
            return true
        }
        return configuration.verifiesUser && configuration.flavour.alwaysVerifiesUser && userPresence
    }

    /// Whether one of the credentials is this authenticator's.
    private func holdsOne(
        of descriptors: [PublicKeyCredentialDescriptor], relyingPartyID: String
    ) async throws -> Bool {
        for descriptor in descriptors {
            if try await source(descriptor, relyingPartyID: relyingPartyID) != nil { return true }
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
        for request: MakeCredentialRequest, algorithm: COSEAlgorithm, isDiscoverable: Bool
    ) async throws -> CredentialSource {
        let relyingPartyID = request.relyingParty.id ?? ""
        let key = try CredentialPrivateKey(generating: algorithm, using: &randomness)
        guard !isDiscoverable else {
            return CredentialSource(
                id: randomBytes(32, using: &randomness), relyingPartyID: relyingPartyID,
                userHandle: request.user.id.bytes,
                userName: request.user.name?.shortened(toByteCount: Authenticator.maximumNameByteCount),
                userDisplayName: request.user.displayName?.shortened(toByteCount: Authenticator.maximumNameByteCount),
                privateKey: key, isDiscoverable: true)
        }
        let wrappingKey = try await wrappingKey()
        let id = try WrappedCredentialID.seal(
            key, relyingPartyIDHash: Authenticator.hash(relyingPartyID), wrappingKey: wrappingKey, using: &randomness)
        return CredentialSource(
            id: id, relyingPartyID: relyingPartyID, userHandle: [], privateKey: key, isDiscoverable: false)
    }
}
