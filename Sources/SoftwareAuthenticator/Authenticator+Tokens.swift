import CTAP

extension Authenticator {
    /// CTAP 2.3 §6.1.2 and §6.2.2, steps 1 and 2: what is wrong with a `pinUvAuthParam` whatever it holds.
    ///
    /// - Returns: the protocol of a parameter that is there.
    func checkPINUVAuthParam(
        _ param: [UInt8]?, protocol number: UInt64?, in context: CTAPRequestContext
    ) async throws -> PINUVAuthProtocol? {
        guard let param else { return nil }
        // 1. A parameter without length asks for a touch, and then whether there is a PIN or another verification.
        if param.isEmpty {
            try await askUser(.selection, needsVerification: false, in: context)
            throw isProtected(try await state()) ? CTAPStatus.pinInvalid : .pinNotSet
        }
        // 2. A parameter needs a protocol, and one that is supported.
        guard let number else { throw CTAPStatus.missingParameter }
        return try pinUVAuthProtocol(number)
    }

    /// The protocol with a number; CTAP1_ERR_INVALID_PARAMETER when it is not supported.
    func pinUVAuthProtocol(_ number: UInt64) throws(CTAPStatus) -> PINUVAuthProtocol {
        guard let supported = configuration.flavour.pinUVAuthProtocols.first(where: { $0.rawValue == number }) else {
            throw .invalidParameter
        }
        return supported
    }

    /// Checks the proof of a token with makeCredential or getAssertion (CTAP 2.3 §6.1.2 step 11, §6.2.2 step 6).
    ///
    /// - Throws: CTAP2_ERR_PIN_AUTH_INVALID whatever is wrong with it.
    func verify(
        _ param: [UInt8], _ pinUVAuthProtocol: PINUVAuthProtocol, for message: [UInt8],
        permission: PINUVAuthPermissions, relyingPartyID: String
    ) throws(CTAPStatus) -> Verification {
        guard var active = liveToken(pinUVAuthProtocol), active.token.isValid(param, for: message),
            active.permissions.contains(permission), active.isUserVerified,
            !hasTokenState || active.relyingPartyID.map({ $0.utf8.elementsEqual(relyingPartyID.utf8) }) ?? true
        else { throw .pinAuthInvalid }
        let isPresent = active.showsPresence(at: time.now())
        active.hasBeenUsed = true
        active.relyingPartyID = relyingPartyID
        tokens[pinUVAuthProtocol] = active
        return Verification(isVerified: true, isPresent: isPresent, method: active.method)
    }

    /// Checks the proof of a token with a command that manages the authenticator.
    ///
    /// - Parameters:
    ///   - isReadOnly: whether the persistent token is good for it as well (CTAP 2.3 §6.8).
    ///   - isPreview: whether the command is one of the preview, whose tokens have no permissions.
    /// - Returns: what else is to be known of the token.
    /// - Throws: CTAP2_ERR_PUAT_REQUIRED without a proof, CTAP2_ERR_MISSING_PARAMETER without a protocol,
    ///   CTAP1_ERR_INVALID_PARAMETER for another protocol, CTAP2_ERR_PIN_AUTH_INVALID for a proof that is none.
    @discardableResult
    func verify(
        _ param: [UInt8]?, protocol number: UInt64?, for message: [UInt8], permission: PINUVAuthPermissions,
        isReadOnly: Bool = false, isPreview: Bool = false
    ) async throws -> TokenBounds {
        guard let param else { throw CTAPStatus.puatRequired }
        guard let number else { throw CTAPStatus.missingParameter }
        let pinUVAuthProtocol = try pinUVAuthProtocol(number)
        if isReadOnly, configuration.profile.isCurrent,
            let persistent = PINUVAuthToken(
                pinUVAuthProtocol, bytes: try await state().persistentToken.exposeSecret()),
            persistent.isValid(param, for: message)
        {
            return TokenBounds()
        }
        guard var active = liveToken(pinUVAuthProtocol), active.token.isValid(param, for: message),
            active.permissions.contains(permission) || (isPreview && active.isLegacy)
        else { throw CTAPStatus.pinAuthInvalid }
        active.hasBeenUsed = true
        tokens[pinUVAuthProtocol] = active
        return TokenBounds(relyingPartyID: active.relyingPartyID, expiresAt: active.expiresAt)
    }

    /// What a token that was good for a command is bound to.
    struct TokenBounds: Sendable {
        /// The relying party.
        var relyingPartyID: String?
        /// When it ends, and with it what was begun by it (CTAP 2.3 §6, stateful commands).
        var expiresAt: Duration?
    }

    /// Whether tokens have permissions that are used up, and lifetimes.
    ///
    /// Deviation in the profile of CTAP 2.0: there a token lives until the power goes or the PIN is changed, and clients of that
    /// time use one for several commands.
    private var hasTokenState: Bool { configuration.profile.hasManagement }

    /// When the tokens in use end; `nil` for none.
    var tokensExpireAt: Duration? { hasTokenState ? tokens.values.map(\.expiresAt).max() : nil }

    private func liveToken(_ pinUVAuthProtocol: PINUVAuthProtocol) -> ActiveToken? {
        guard let active = tokens[pinUVAuthProtocol] else { return nil }
        guard !hasTokenState || active.isAlive(at: time.now()) else {
            // What was begun with it ends with it (§6, stateful commands).
            forgetTokens()
            return nil
        }
        return active
    }

    /// A command has tested presence: the tokens are good for nothing more but writing large blobs.
    func consumeTokens() {
        guard hasTokenState, !tokens.isEmpty else { return }
        tokens = tokens.mapValues { token in
            var token = token
            token.consume()
            return token
        }
    }

    /// Hands out a new token in place of all earlier ones, encrypted for the platform.
    func issueToken(
        _ sharedSecret: PINUVAuthSharedSecret, permissions: PINUVAuthPermissions, relyingPartyID: String?,
        method: Verification.Method, isLegacy: Bool = false
    ) async throws -> CTAPResponse {
        forgetTokens()
        let pinUVAuthProtocol = sharedSecret.pinUVAuthProtocol
        let bytes: [UInt8]
        if permissions == .persistentCredentialManagementReadOnly {
            bytes = try await state().persistentToken.exposeSecret()
        } else {
            bytes = randomBytes(PINUVAuthToken.byteCount, using: &randomness)
            guard let token = PINUVAuthToken(pinUVAuthProtocol, bytes: bytes) else { throw CTAPStatus.other }
            tokens[pinUVAuthProtocol] = ActiveToken(
                token: token, permissions: permissions, relyingPartyID: relyingPartyID, method: method,
                isLegacy: isLegacy, startedAt: time.now())
        }
        return ClientPINResponse(
            pinUVAuthTokenEncrypted: try sharedSecret.encrypt(bytes, using: &randomness)
        ).response
    }

    /// The key agreement key of a protocol, made when it is first asked for.
    func keyAgreementKey(_ pinUVAuthProtocol: PINUVAuthProtocol) throws(PINUVAuthError) -> KeyAgreementPrivateKey {
        if let key = keyAgreementKeys[pinUVAuthProtocol] { return key }
        let key = try KeyAgreementPrivateKey(using: &randomness)
        keyAgreementKeys[pinUVAuthProtocol] = key
        return key
    }
}
