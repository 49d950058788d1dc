import SoftwareAuthenticator

/// What an authenticator attests with.
struct AttestationPlan: Sendable {
    /// The ways in which it vouches; `nil` for the flavour's habit.
    var list: AttestationList?
    /// The relying parties that get enterprise attestation of the vendor's kind; `nil` where there is no such attestation.
    var enterpriseRelyingPartyIDs: [String]?
    /// Where the root is written: of the certificates of CTAP1/U2F as well.
    var rootFile: AttestationRootFile?

    /// Puts it into a configuration.
    ///
    /// - Parameter store: Where the root is kept: it is made for a new store, and the same as long as the store lives.
    func apply(to configuration: inout Authenticator.Configuration, store: any CredentialStore) async throws {
        let kinds = list?.kinds
        guard rootFile != nil || enterpriseRelyingPartyIDs != nil || kinds?.contains(where: \.isCertified) == true
        else {
            if let kinds { configuration.attestations = kinds.map { $0 == .none ? .none : .selfAttestation } }
            return
        }
        var generator = SystemRandomNumberGenerator()
        let aaguid = configuration.flavour.aaguid
        let candidate = try AttestationIdentity(
            aaguid: aaguid, validFrom: AttestationIdentity.firstDay, using: &generator)
        let root = try await store.attestationIdentity(orStoring: candidate) ?? candidate
        if let kinds {
            // A store may have been made by a device of another model.
            let model = root.aaguid == aaguid ? root : try root.issuing(.model, for: aaguid, using: &generator)
            configuration.attestations = []
            for kind in kinds {
                let attestation: Attestation =
                    switch kind {
                    case .selfSigned: .selfAttestation
                    case .none: .none
                    case .basic: .basic(model)
                    case .fidoU2F: .fidoU2F(model)
                    case .tpm: .tpm(try root.issuing(.trustedPlatformModule, for: aaguid, using: &generator))
                    case .androidKey: .androidKey(try root.issuing(.credentialIssuer, for: aaguid, using: &generator))
                    case .apple: .apple(try root.issuing(.credentialIssuer, for: aaguid, using: &generator))
                    }
                configuration.attestations.append(attestation)
            }
        }
        if let enterpriseRelyingPartyIDs {
            configuration.enterpriseIdentity = try root.issuing(.device, for: aaguid, using: &generator)
            configuration.enterpriseRelyingPartyIDs = enterpriseRelyingPartyIDs
        }
        try rootFile?.add(root)
    }
}
