import CTAP

extension Authenticator {
    /// authenticatorConfig (CTAP 2.3 §6.11).
    func config(_ request: ConfigRequest) async throws -> CTAPResponse {
        // §8.1 wants CTAP2_ERR_INVALID_SUBCOMMAND; the command's own steps say CTAP1_ERR_INVALID_PARAMETER.
        guard let subcommand = ConfigRequest.Subcommand(rawValue: request.subcommand),
            configCommands.contains(subcommand)
        else { throw CTAPStatus.invalidSubcommand }
        let state = try await state()
        // Whoever cannot verify a user could otherwise never leave alwaysUv again.
        let isWayOut = subcommand == .toggleAlwaysUV && state.alwaysVerifiesUser && !isProtected(state)
        if (isProtected(state) || state.alwaysVerifiesUser) && !isWayOut {
            try await verify(
                request.pinUVAuthParam, protocol: request.pinUVAuthProtocol, for: request.authenticatedMessage,
                permission: .authenticatorConfiguration)
        }
        switch subcommand {
        case .enableEnterpriseAttestation: try await change { $0.isEnterpriseAttestationEnabled = true }
        case .toggleAlwaysUV: try await change { $0.alwaysVerifiesUser.toggle() }
        case .setMinimumPINLength: try await setMinimumPINLength(try request.minimumPINLength(), state)
        case .enableLongTouchForReset: try await change { $0.needsLongTouchForReset = true }
        }
        return CTAPResponse(.success)
    }

    /// §6.11.4, setMinPINLength.
    private func setMinimumPINLength(
        _ wanted: ConfigRequest.MinimumPINLength, _ state: AuthenticatorState
    ) async throws {
        let length = wanted.length.map { Int(clamping: $0) } ?? state.minimumPINLength
        // It may only grow, and not beyond what a PIN can have.
        guard (state.minimumPINLength...configuration.maximumPINLength).contains(length) else {
            throw CTAPStatus.pinPolicyViolation
        }
        let ids = wanted.relyingPartyIDs ?? []
        guard ids.count <= configuration.maximumMinimumPINLengthRelyingPartyCount else {
            throw CTAPStatus.keyStoreFull
        }
        if wanted.forcesChange == true, state.pin == nil { throw CTAPStatus.pinNotSet }
        let becomesComplex =
            wanted.complexityPolicy == true && configuration.profile.isCurrent
            && !state.enforcesPINComplexity
        // A PIN that is too short now, or that nobody knows to be complex, has to be changed.
        let mustChange =
            wanted.forcesChange == true || state.pin.map { $0.codePointCount < length || becomesComplex } ?? false
        if mustChange { forgetTokens() }
        let token = SecretBytes(randomBytes(32, using: &randomness))
        try await change { state in
            state.minimumPINLength = length
            if !ids.isEmpty { state.minimumPINLengthRelyingPartyIDs = ids }
            if becomesComplex { state.enforcesPINComplexity = true }
            if mustChange {
                state.forcesPINChange = true
                state.persistentToken = token
            }
        }
    }
}
