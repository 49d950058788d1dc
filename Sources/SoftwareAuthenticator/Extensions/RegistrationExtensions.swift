import CBOR
import CTAP
import WebAuthnModel

/// What the extensions of a registration ask for (CTAP 2.3 §12), checked.
struct RegistrationExtensions: Sendable {
    /// `prf`, as phones take it.
    var prf: PRFInput?
    /// `hmac-secret`: whether the credential is to have a pseudo-random function.
    var wantsHMACSecret = false
    /// `hmac-secret-mc`: salts to evaluate at once, and the secret to encrypt the results with.
    var hmacSecretMC: (salts: PRFValues, sharedSecret: PINUVAuthSharedSecret)?
    /// `credProtect`.
    var protection: CredentialProtection?
    /// `credBlob`.
    var blob: [UInt8]?
    /// `largeBlob`.
    var largeBlob: LargeBlobSupport?
    /// `largeBlobKey`.
    var wantsLargeBlobKey = false
    /// `minPinLength`.
    var wantsMinimumPINLength = false
    /// `pinComplexityPolicy`.
    var wantsPINComplexityPolicy = false
    /// `thirdPartyPayment`.
    var wantsThirdPartyPayment = false
    /// `uvm`.
    var wantsUserVerificationMethod = false
}

extension Authenticator {
    /// Reads the extensions that there are here; others are ignored (CTAP 2.3 §6.1.2 step 15).
    func registrationExtensions(
        _ extensions: CBORMap?, isDiscoverable: Bool
    ) throws -> RegistrationExtensions {
        var wanted = RegistrationExtensions()
        guard let extensions, !extensions.isEmpty else { return wanted }
        let known = configuration.extensions
        for entry in extensions.entries {
            guard let name = entry.key.text, let identifier = ExtensionIdentifier(rawValue: name),
                known.contains(identifier)
            else { continue }
            switch identifier {
            // Salts by credential make no sense before there is one (WebAuthn Level 3 §10.1.4); they do not get here, being
            // nested a level deeper than CTAP 2.3 §8 allows a registration.
            case .prf: wanted.prf = try PRFInput(ctap: entry.value)
            case .hmacSecret: wanted.wantsHMACSecret = try boolean(entry.value)
            case .hmacSecretMC: wanted.hmacSecretMC = try hmacSecret(entry.value)
            case .credProtect:
                guard let level = entry.value.unsigned else { throw CTAPStatus.cborUnexpectedType }
                guard let protection = UInt8(exactly: level).flatMap(CredentialProtection.init(rawValue:)) else {
                    throw CTAPStatus.invalidParameter
                }
                wanted.protection = protection
            case .credBlob:
                guard let blob = entry.value.bytes else { throw CTAPStatus.cborUnexpectedType }
                wanted.blob = blob
            case .largeBlob: wanted.largeBlob = try LargeBlobSupport(ctap: entry.value)
            case .largeBlobKey:
                guard try boolean(entry.value), isDiscoverable else { throw CTAPStatus.invalidOption }
                wanted.wantsLargeBlobKey = true
            case .minimumPINLength: wanted.wantsMinimumPINLength = try boolean(entry.value)
            case .pinComplexityPolicy: wanted.wantsPINComplexityPolicy = try boolean(entry.value)
            case .thirdPartyPayment: wanted.wantsThirdPartyPayment = try boolean(entry.value)
            case .userVerificationMethod: wanted.wantsUserVerificationMethod = try boolean(entry.value)
            }
        }
        guard wanted.hmacSecretMC == nil || wanted.wantsHMACSecret else { throw CTAPStatus.missingParameter }
        return wanted
    }

    /// What a new credential is given.
    func properties(of wanted: RegistrationExtensions, isDiscoverable: Bool) -> CredentialProperties {
        CredentialProperties(
            protection: wanted.protection ?? .userVerificationOptional,
            blob: isDiscoverable && fits(wanted.blob) ? wanted.blob : nil,
            largeBlobKey: wanted.wantsLargeBlobKey ? SecretBytes(randomBytes(32, using: &randomness)) : nil,
            hasRoomForLargeBlob: wanted.largeBlob != nil && isDiscoverable,
            isThirdPartyPaymentEnabled: wanted.wantsThirdPartyPayment)
    }

    private func fits(_ blob: [UInt8]?) -> Bool { blob?.count ?? 0 <= configuration.maximumCredBlobByteCount }

    /// What they yield.
    func registrationOutputs(
        of wanted: RegistrationExtensions, for source: CredentialSource, _ verification: Verification,
        _ state: AuthenticatorState?
    ) throws -> ExtensionOutputs {
        func evaluate(_ salts: PRFValues) -> PRFValues {
            CredRandom(source.privateKey, isUserVerified: verification.isVerified).evaluate(salts)
        }
        var (signed, unsigned) = (CBORMap(), CBORMap())
        if let prf = wanted.prf {
            unsigned[.text(PRFInput.identifier)] =
                PRFOutput(isEnabled: true, results: prf.eval.map(evaluate)).ctap
        }
        // Only what is stored has room. The relying party that requires it is told, and does without the credential.
        if wanted.largeBlob != nil {
            let output = LargeBlobOutput.supported(source.properties.hasRoomForLargeBlob)
            unsigned[.text(LargeBlobOutput.identifier)] = output.ctap
        }
        if wanted.wantsHMACSecret { signed[.text(ExtensionIdentifier.hmacSecret.rawValue)] = true }
        if let (salts, sharedSecret) = wanted.hmacSecretMC {
            let results = evaluate(salts).concatenated
            signed[.text(ExtensionIdentifier.hmacSecretMC.rawValue)] = .bytes(
                try sharedSecret.encrypt(results, using: &randomness))
        }
        if let protection = wanted.protection {
            signed[.text(ExtensionIdentifier.credProtect.rawValue)] = .unsigned(UInt64(protection.rawValue))
        }
        if wanted.blob != nil {
            signed[.text(ExtensionIdentifier.credBlob.rawValue)] = .boolean(source.properties.blob != nil)
        }
        // Only for relying parties that somebody has put on the list.
        if let state, state.minimumPINLengthRelyingPartyIDs.contains(where: source.isScoped(to:)) {
            if wanted.wantsMinimumPINLength {
                signed[.text(ExtensionIdentifier.minimumPINLength.rawValue)] = CBORValue(state.minimumPINLength)
            }
            if wanted.wantsPINComplexityPolicy {
                signed[.text(ExtensionIdentifier.pinComplexityPolicy.rawValue)] = .boolean(
                    state.enforcesPINComplexity)
            }
        }
        if wanted.wantsUserVerificationMethod {
            signed[.text(ExtensionIdentifier.userVerificationMethod.rawValue)] = verification.methods
        }
        return ExtensionOutputs(signed: signed.isEmpty ? nil : signed, unsigned: unsigned.isEmpty ? nil : unsigned)
    }

    func boolean(_ item: CBORValue) throws(CTAPStatus) -> Bool {
        guard let value = item.boolean else { throw .cborUnexpectedType }
        return value
    }

    /// The salts of `hmac-secret` and `hmac-secret-mc`, and the secret that the results are encrypted with.
    func hmacSecret(_ item: CBORValue) throws -> (salts: PRFValues, sharedSecret: PINUVAuthSharedSecret) {
        // The point of the platform's key is among what is checked here, before anything is computed with it.
        let input = try HMACSecretInput(ctap: item)
        let sharedSecret = try keyAgreementKey(input.pinUVAuthProtocol).decapsulate(
            input.keyAgreement, input.pinUVAuthProtocol)
        do throws(CTAPStatus) {
            return (try input.salts(sharedSecret), sharedSecret)
        } catch .invalidParameter where configuration.profile == .compat20 {
            // Deviation in the profile of CTAP 2.0: its suites expect this for salts of another length.
            throw CTAPStatus.invalidLength
        }
    }
}

extension Verification {
    /// The extension `uvm`: [[method, key protection, matcher protection]], by the FIDO registry of predefined values.
    ///
    /// Both protections are `software` (1), which is what they are.
    var methods: CBORValue { [[.unsigned(shownMethod.rawValue), 1, 1]] }
}
