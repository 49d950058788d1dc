import CBOR
import CTAP
import Crypto
import FoundationEssentials

extension Authenticator {
    /// authenticatorClientPIN (CTAP 2.3 §6.5.5).
    func clientPIN(_ request: ClientPINRequest, in context: CTAPRequestContext) async throws -> CTAPResponse {
        guard configuration.supportsPIN || request.subcommand == .getKeyAgreement else {
            throw CTAPStatus.invalidSubcommand
        }
        switch request.subcommand {
        case .getPINRetries: return try await pinRetries()
        case .getKeyAgreement:
            // §6.5.5.4: the public key, the same until the power goes or a PIN was wrong.
            let key = try keyAgreementKey(try clientPINProtocol(request))
            return ClientPINResponse(keyAgreement: key.publicKey).response
        case .setPIN: return try await setPIN(request)
        case .changePIN: return try await changePIN(request)
        case .getPINToken: return try await pinToken(request)
        case .getTokenUsingPIN where configuration.profile.hasManagement: return try await tokenUsingPIN(request)
        case .getTokenUsingUV where configuration.profile.hasManagement && configuration.verifiesUser:
            return try await tokenUsingUV(request, in: context)
        case .getUVRetries where configuration.profile.hasManagement && configuration.verifiesUser:
            return ClientPINResponse(uvRetries: UInt64(try await state().uvRetries)).response
        // §8.1: a subcommand that is not implemented.
        default: throw CTAPStatus.invalidSubcommand
        }
    }

    /// The protocol that a subcommand needs.
    private func clientPINProtocol(_ request: ClientPINRequest) throws(CTAPStatus) -> PINUVAuthProtocol {
        guard let number = request.pinUVAuthProtocol else { throw .missingParameter }
        return try pinUVAuthProtocol(number)
    }

    /// A member that a subcommand needs.
    private func required<Value>(_ value: Value?) throws(CTAPStatus) -> Value {
        guard let value else { throw .missingParameter }
        return value
    }

    /// §6.5.5.2.
    private func pinRetries() async throws -> CTAPResponse {
        let needsPowerCycle = consecutivePINMismatches >= Authenticator.maximumConsecutivePINMismatches
        return ClientPINResponse(
            pinRetries: UInt64(try await state().pinRetries), powerCycleState: needsPowerCycle ? true : nil
        ).response
    }

    /// `decapsulate`: the secret shared with the platform.
    private func sharedSecret(
        _ request: ClientPINRequest, _ pinUVAuthProtocol: PINUVAuthProtocol
    ) throws -> PINUVAuthSharedSecret {
        let peer = try KeyAgreementPublicKey(ctap: .map(try required(request.keyAgreement)))
        return try keyAgreementKey(pinUVAuthProtocol).decapsulate(peer, pinUVAuthProtocol)
    }

    /// §6.5.5.5.
    private func setPIN(_ request: ClientPINRequest) async throws -> CTAPResponse {
        _ = try required(request.pinUVAuthProtocol)
        _ = try required(request.keyAgreement)
        let (param, encrypted) = (try required(request.pinUVAuthParam), try required(request.newPINEncrypted))
        let pinUVAuthProtocol = try clientPINProtocol(request)
        let state = try await state()
        // Deviation in the profile of CTAP 2.0: its suites expect CTAP2_ERR_NOT_ALLOWED.
        guard state.pin == nil else {
            throw configuration.profile.hasManagement ? CTAPStatus.pinAuthInvalid : .notAllowed
        }
        let sharedSecret = try sharedSecret(request, pinUVAuthProtocol)
        guard sharedSecret.isValid(param, for: encrypted) else { throw CTAPStatus.pinAuthInvalid }
        let pin = try newPIN(encrypted, sharedSecret, state)
        forgetTokens()
        let token = SecretBytes(randomBytes(32, using: &randomness))
        try await change { state in
            // Looked at once more: somebody else may have set one meanwhile.
            guard state.pin == nil else { throw CTAPStatus.pinAuthInvalid }
            state.pin = pin
            state.pinRetries = AuthenticatorState.maximumPINRetries
            state.persistentToken = token
        }
        return CTAPResponse(.success)
    }

    /// §6.5.5.6.
    private func changePIN(_ request: ClientPINRequest) async throws -> CTAPResponse {
        _ = try required(request.pinUVAuthProtocol)
        _ = try required(request.keyAgreement)
        let param = try required(request.pinUVAuthParam)
        let (encrypted, hash) = (try required(request.newPINEncrypted), try required(request.pinHashEncrypted))
        let pinUVAuthProtocol = try clientPINProtocol(request)
        try await checkPINIsUsable()
        let sharedSecret = try sharedSecret(request, pinUVAuthProtocol)
        guard sharedSecret.isValid(param, for: encrypted + hash) else { throw CTAPStatus.pinAuthInvalid }
        let state = try await comparePIN(hash, sharedSecret)
        let pin = try newPIN(encrypted, sharedSecret, state)
        // §6.5.5.6 step 15: the same PIN is no change.
        guard !state.forcesPINChange || pin.hash != state.pin?.hash else { throw CTAPStatus.pinPolicyViolation }
        forgetTokens()
        let token = SecretBytes(randomBytes(32, using: &randomness))
        try await change { state in
            state.pin = pin
            state.forcesPINChange = false
            state.persistentToken = token
        }
        return CTAPResponse(.success)
    }

    /// §6.5.5.7.1, getPinToken: as CTAP 2.0 had it.
    private func pinToken(_ request: ClientPINRequest) async throws -> CTAPResponse {
        _ = try required(request.pinUVAuthProtocol)
        _ = try required(request.keyAgreement)
        let hash = try required(request.pinHashEncrypted)
        let pinUVAuthProtocol = try clientPINProtocol(request)
        guard request.permissions == nil, request.relyingPartyID == nil else { throw CTAPStatus.invalidParameter }
        try await checkPINIsUsable()
        let sharedSecret = try sharedSecret(request, pinUVAuthProtocol)
        let state = try await comparePIN(hash, sharedSecret)
        guard !state.forcesPINChange else { throw CTAPStatus.pinInvalid }
        return try await issueToken(
            sharedSecret, permissions: [.makeCredential, .getAssertion], relyingPartyID: nil, method: .clientPIN,
            isLegacy: true)
    }

    /// §6.5.5.7.2, getPinUvAuthTokenUsingPinWithPermissions.
    private func tokenUsingPIN(_ request: ClientPINRequest) async throws -> CTAPResponse {
        _ = try required(request.pinUVAuthProtocol)
        _ = try required(request.keyAgreement)
        let hash = try required(request.pinHashEncrypted)
        let permissions = try permissions(request)
        let pinUVAuthProtocol = try clientPINProtocol(request)
        try checkGrantable(permissions, relyingPartyID: request.relyingPartyID)
        try await checkPINIsUsable()
        let sharedSecret = try sharedSecret(request, pinUVAuthProtocol)
        let state = try await comparePIN(hash, sharedSecret)
        guard !state.forcesPINChange else { throw CTAPStatus.pinPolicyViolation }
        return try await issueToken(
            sharedSecret, permissions: permissions, relyingPartyID: request.relyingPartyID, method: .clientPIN)
    }

    /// §6.5.5.7.3, getPinUvAuthTokenUsingUvWithPermissions.
    private func tokenUsingUV(
        _ request: ClientPINRequest, in context: CTAPRequestContext
    ) async throws -> CTAPResponse {
        _ = try required(request.pinUVAuthProtocol)
        _ = try required(request.keyAgreement)
        let permissions = try permissions(request)
        let pinUVAuthProtocol = try clientPINProtocol(request)
        try checkGrantable(permissions, relyingPartyID: request.relyingPartyID)
        let state = try await state()
        guard canVerifyUser(state) else { throw CTAPStatus.notAllowed }
        guard state.uvRetries > 0 else { throw CTAPStatus.uvBlocked }
        let sharedSecret = try sharedSecret(request, pinUVAuthProtocol)
        let (reason, isFutile) = try await verificationReason(permissions, relyingPartyID: request.relyingPartyID)
        // The platform tries again by itself, as often as preferredPlatformUvAttempts says.
        switch try await verifyUser(reason, isFutile: isFutile, attempts: 1, in: context) {
        case .verified: break
        case .denied: throw CTAPStatus.operationDenied
        case .timedOut: throw CTAPStatus.userActionTimeout
        case .failed: throw try await self.state().uvRetries == 0 ? CTAPStatus.uvBlocked : .uvInvalid
        }
        return try await issueToken(
            sharedSecret, permissions: permissions, relyingPartyID: request.relyingPartyID, method: .fingerprint)
    }

    /// What the user is told a token is for, and whether it probably leads nowhere.
    ///
    /// The lists of the command that the token is for are not known yet; a login without a credential for the site will
    /// fail, and a registration where there is one is likely to be refused.
    private func verificationReason(
        _ permissions: PINUVAuthPermissions, relyingPartyID: String?
    ) async throws -> (UserRequest.Reason, isFutile: Bool) {
        let isForCommands = !permissions.isDisjoint(with: [.makeCredential, .getAssertion])
        guard let relyingPartyID else {
            let makesCredential = permissions.contains(.makeCredential)
            return (isForCommands ? .unnamedRelyingParty(makesCredential: makesCredential) : .management, false)
        }
        guard isForCommands else { return (.management, false) }
        let page = try await store.sources(
            relyingPartyID: relyingPartyID, protectedAtMost: .userVerificationRequired, skipping: 0, limit: 0)
        let holdsSome = page.total > 0 || knownRelyingParties.contains(Authenticator.hash(relyingPartyID))
        if permissions.contains(.makeCredential) {
            return (
                .makeCredential(relyingPartyID: relyingPartyID, relyingPartyName: nil, userName: nil), holdsSome
            )
        }
        return (.getAssertion(relyingPartyID: relyingPartyID), !holdsSome)
    }

    /// The permissions that are asked for; bits without a meaning are ignored.
    private func permissions(_ request: ClientPINRequest) throws(CTAPStatus) -> PINUVAuthPermissions {
        let permissions = PINUVAuthPermissions(rawValue: try required(request.permissions) & 0x7F)
        guard permissions.rawValue != 0 else { throw .invalidParameter }
        return permissions
    }

    /// Which permissions can be granted here, and with what (§6.5.5.7, permissions).
    private func checkGrantable(_ permissions: PINUVAuthPermissions, relyingPartyID: String?) throws(CTAPStatus) {
        let persistent = PINUVAuthPermissions.persistentCredentialManagementReadOnly
        if permissions.contains(persistent) {
            guard configuration.profile.isCurrent, permissions == persistent else { throw .unauthorizedPermission }
        }
        if permissions.contains(.bioEnrollment), !configuration.enrollsFingers { throw .unauthorizedPermission }
        if permissions.contains(.largeBlobWrite), !configuration.hasLargeBlobArray { throw .unauthorizedPermission }
        let needsRelyingParty = !permissions.isDisjoint(with: [.makeCredential, .getAssertion])
        guard !needsRelyingParty || relyingPartyID != nil || configuration.profile.issuesUnboundTokens else {
            throw .missingParameter
        }
    }
}
