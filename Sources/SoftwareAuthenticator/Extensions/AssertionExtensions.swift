import CBOR
import CTAP
import WebAuthnModel

/// What the extensions of an assertion ask of each credential (CTAP 2.3 §12), checked.
struct AssertionExtensions: Sendable {
    /// `prf`, as phones take it.
    var prf: PRFInput?
    /// `hmac-secret`: the salts, and the secret that the results are encrypted with.
    var hmacSecret: (salts: PRFValues, sharedSecret: PINUVAuthSharedSecret)?
    /// `credBlob`.
    var wantsBlob = false
    /// `largeBlob`.
    var largeBlob: LargeBlobOperation?
    /// `largeBlobKey`.
    var wantsLargeBlobKey = false
    /// `thirdPartyPayment`.
    var wantsThirdPartyPayment = false
    /// `uvm`.
    var wantsUserVerificationMethod = false
}

extension Authenticator {
    /// Reads the extensions that there are here; others are ignored.
    ///
    /// The results of a pseudo-random function are worth as much as a signature, so nothing is evaluated without the user:
    /// CTAP 2.3 §12 refuses `hmac-secret` with `up` false, and `prf` is treated alike.
    func assertionExtensions(_ extensions: CBORMap?, userPresence: Bool) throws -> AssertionExtensions {
        var wanted = AssertionExtensions()
        guard let extensions, !extensions.isEmpty else { return wanted }
        let known = configuration.extensions
        for entry in extensions.entries {
            guard let name = entry.key.text, let identifier = ExtensionIdentifier(rawValue: name),
                known.contains(identifier)
            else { continue }
            switch identifier {
            case .prf:
                wanted.prf = try PRFInput(ctap: entry.value)
                guard userPresence else { throw CTAPStatus.unsupportedOption }
            case .hmacSecret:
                // The input is looked at first: whatever is wrong with it is said whether the user is wanted or not.
                _ = try HMACSecretInput(ctap: entry.value)
                guard userPresence else { throw CTAPStatus.unsupportedOption }
                wanted.hmacSecret = try hmacSecret(entry.value)
            case .credBlob: wanted.wantsBlob = try boolean(entry.value)
            case .largeBlob: wanted.largeBlob = try LargeBlobOperation(ctap: entry.value)
            case .largeBlobKey:
                guard try boolean(entry.value) else { throw CTAPStatus.invalidOption }
                wanted.wantsLargeBlobKey = true
            case .thirdPartyPayment: wanted.wantsThirdPartyPayment = try boolean(entry.value)
            case .userVerificationMethod: wanted.wantsUserVerificationMethod = try boolean(entry.value)
            // Of registrations only.
            case .credProtect, .hmacSecretMC, .minimumPINLength, .pinComplexityPolicy: continue
            }
        }
        return wanted
    }

    /// What they yield for one credential; whether the user was verified decides which of its two functions is evaluated.
    func assertionOutputs(
        of wanted: AssertionExtensions, for source: CredentialSource, _ verification: Verification
    ) throws(PINUVAuthError) -> ExtensionOutputs {
        var (signed, unsigned) = (CBORMap(), CBORMap())
        if let (salts, sharedSecret) = wanted.hmacSecret {
            let credRandom = CredRandom(source.privateKey, isUserVerified: verification.isVerified)
            signed[.text(ExtensionIdentifier.hmacSecret.rawValue)] = .bytes(
                try sharedSecret.encrypt(credRandom.evaluate(salts).concatenated, using: &randomness))
        }
        if let salts = wanted.prf?.salts(credentialID: source.id) {
            let credRandom = CredRandom(source.privateKey, isUserVerified: verification.isVerified)
            unsigned[.text(PRFInput.identifier)] = PRFOutput(results: credRandom.evaluate(salts)).ctap
        }
        if wanted.largeBlob == .read, let blob = source.properties.largeBlob {
            unsigned[.text(LargeBlobOutput.identifier)] = LargeBlobOutput.read(blob).ctap
        }
        if wanted.wantsBlob {
            signed[.text(ExtensionIdentifier.credBlob.rawValue)] = .bytes(source.properties.blob ?? [])
        }
        if wanted.wantsThirdPartyPayment {
            signed[.text(ExtensionIdentifier.thirdPartyPayment.rawValue)] = .boolean(
                source.properties.isThirdPartyPaymentEnabled)
        }
        if wanted.wantsUserVerificationMethod {
            signed[.text(ExtensionIdentifier.userVerificationMethod.rawValue)] = verification.methods
        }
        return ExtensionOutputs(signed: signed.isEmpty ? nil : signed, unsigned: unsigned.isEmpty ? nil : unsigned)
    }
}
