public import CTAP
import WebAuthnModel

extension Authenticator {
    /// authenticatorGetInfo (CTAP 2.3 §6.4).
    func getInfo() async throws -> CTAPResponse {
        let state = try await state()
        let census = hasManagement ? try await store.census() : nil
        let data = try desk.data(for: state, census) {
            InformationCache(
                state: state, census: census, info: currentInfo(state, census),
                secrets: configuration.profile.isCurrent
                    ? census.map { EncryptedInformation(state, $0, using: &randomness) } : nil)
        }
        return CTAPResponse(.success, data: data)
    }

    /// Answers authenticatorGetInfo while nothing has changed since the last answer, and nothing else is under way.
    public nonisolated func respondAtOnce(to request: CTAPRequest) -> CTAPResponse? {
        guard request.command == .getInfo, request.parameters.isEmpty, queue.tryToEnter() else { return nil }
        defer { queue.leave() }
        guard let glance = store.glance() else { return nil }
        return desk.dataAtOnce(for: glance.state, hasManagement ? glance.census : nil)
            .map { CTAPResponse(.success, data: $0) }
    }

    /// What authenticatorGetInfo answers: what is true now, and nothing else; without what is encrypted anew each time.
    private func currentInfo(_ state: AuthenticatorState, _ census: CredentialCensus?) -> AuthenticatorInfo {
        var info = fixedInfo
        let profile = configuration.profile
        if configuration.verifiesUser { info.options["uv"] = canVerifyUser(state) }
        guard configuration.supportsPIN else { return info }
        info.options["clientPin"] = state.pin != nil
        if profile.waivesVerificationForRegistration { info.options["makeCredUvNotRqd"] = !state.alwaysVerifiesUser }
        if configuration.answersCTAP1, !state.alwaysVerifiesUser { info.versions.insert("U2F_V2", at: 0) }
        guard profile.hasManagement, let census else { return info }
        for option in ["pinUvAuthToken", "credMgmt", "authnrCfg", "setMinPINLength"] {
            info.options[option] = true
        }
        if configuration.hasLargeBlobArray { info.options["largeBlobs"] = true }
        info.options["alwaysUv"] = state.alwaysVerifiesUser
        if configuration.enrollsFingers {
            info.options["bioEnroll"] = !state.templates.isEmpty
            info.options["uvBioEnroll"] = true
            info.options["uvAcfg"] = true
            info.preferredPlatformUVAttempts = 3
            info.uvModality = Authenticator.fingerprintModality
        }
        if enterpriseIdentity != nil { info.options["ep"] = state.isEnterpriseAttestationEnabled }
        if profile.hasPreviewCommands {
            info.options["credentialMgmtPreview"] = true
            if configuration.enrollsFingers {
                info.options["userVerificationMgmtPreview"] = !state.templates.isEmpty
            }
        }
        if configuration.hasLargeBlobArray {
            info.maximumSerializedLargeBlobArray = UInt64(configuration.maximumLargeBlobArrayByteCount)
        }
        info.forcesPINChange = state.forcesPINChange
        info.minimumPINLength = UInt64(state.minimumPINLength)
        info.maximumCredBlobLength = UInt64(configuration.maximumCredBlobByteCount)
        info.maximumRelyingPartyIDsForMinimumPINLength = UInt64(
            configuration.maximumMinimumPINLengthRelyingPartyCount)
        info.remainingDiscoverableCredentials = UInt64(max(census.capacity - census.count, 0))
        if profile.isCurrent { addCurrentMembers(&info, state) }
        return info
    }

    /// What came with CTAP 2.2 and 2.3.
    private func addCurrentMembers(_ info: inout AuthenticatorInfo, _ state: AuthenticatorState) {
        info.options["perCredMgmtRO"] = true
        info.needsLongTouchForReset = state.needsLongTouchForReset
        // Not for whoever scans a QR code.
        info.transportsForReset = configuration.transports.filter { $0 != .hybrid }.map(\.rawValue)
        info.hasPINComplexityPolicy = state.enforcesPINComplexity
        info.maximumPINLength = UInt64(configuration.maximumPINLength)
        info.configCommands = configCommands.map(\.rawValue)
    }

    /// `fingerprint_internal` of the FIDO registry of predefined values.
    private static var fingerprintModality: UInt64 { 2 }

    /// What enterprise attestation vouches with, if it is possible: the certificate names this very model.
    var enterpriseIdentity: AttestationIdentity? {
        configuration.enterpriseIdentity.flatMap { $0.aaguid == configuration.aaguid ? $0 : nil }
    }

    /// The subcommands of authenticatorConfig that are there.
    var configCommands: [ConfigRequest.Subcommand] {
        var commands: [ConfigRequest.Subcommand] = [.toggleAlwaysUV, .setMinimumPINLength]
        if enterpriseIdentity != nil { commands.insert(.enableEnterpriseAttestation, at: 0) }
        if configuration.profile.isCurrent { commands.append(.enableLongTouchForReset) }
        return commands
    }

    /// What does not change while it lives; for a phone that is everything, and the hybrid transport sends it unasked.
    nonisolated var fixedInfo: AuthenticatorInfo {
        var options = ["rk": true, "up": true]
        if configuration.isBuiltIn { options["plat"] = true }
        if configuration.verifiesUser { options["uv"] = true }
        let protocols = configuration.flavour.pinUVAuthProtocols.map(\.rawValue)
        var info = AuthenticatorInfo(
            versions: configuration.supportsPIN ? configuration.profile.versions : ["FIDO_2_0"],
            extensions: configuration.extensions.map(\.rawValue), aaguid: configuration.aaguid, options: options,
            maximumMessageSize: configuration.maximumMessageSize,
            pinUVAuthProtocols: protocols.isEmpty ? nil : protocols,
            maximumCredentialCountInList: UInt64(configuration.maximumCredentialCountInList),
            maximumCredentialIDLength: UInt64(maximumCredentialIDLength),
            transports: configuration.transports,
            algorithms: configuration.offeredAlgorithms.map { PublicKeyCredentialParameters($0) },
            firmwareVersion: configuration.firmwareVersion)
        let formats = configuration.attestations.formats.map(\.rawValue)
        // It came with CTAP 2.2, and where it is absent it means packed: those of CTAP 2.0 say it only where that is not so.
        if configuration.profile.isCurrent, !formats.isEmpty, configuration.supportsPIN || formats != ["packed"] {
            info.attestationFormats = formats
        }
        return info
    }
}
