import CBOR
import CTAP
import WebAuthnModel

/// What an assertion asks of each credential's pseudo-random function.
enum AssertionExtension: Sendable {
    /// `hmac-secret`: the salts, and the secret that the results are encrypted with.
    case hmacSecret(PRFValues, PINUVAuthSharedSecret)
    /// `prf`.
    case prf(PRFInput)
}

extension Authenticator {
    /// Reads the extension that the flavour has; `nil` when it is not asked for.
    ///
    /// Its results are worth as much as a signature, so nothing is evaluated without the user: CTAP 2.3 §12 refuses
    /// `hmac-secret` with `up` false, and `prf` is treated alike.
    func assertionExtension(_ extensions: CBORMap?, userPresence: Bool) throws -> AssertionExtension? {
        if configuration.flavour.takesPRFInTheClear {
            guard let item = extensions?[.text(PRFInput.identifier)] else { return nil }
            let input = try PRFInput(ctap: item)
            guard userPresence else { throw CTAPStatus.unsupportedOption }
            return .prf(input)
        }
        guard let item = extensions?[.text(HMACSecretInput.identifier)] else { return nil }
        // The point of the platform's key is among what is checked here, before anything is computed with it.
        let input = try HMACSecretInput(ctap: item)
        guard userPresence else { throw CTAPStatus.unsupportedOption }
        let sharedSecret = try keyAgreementKey(input.pinUVAuthProtocol).decapsulate(
            input.keyAgreement, input.pinUVAuthProtocol)
        return .hmacSecret(try input.salts(sharedSecret), sharedSecret)
    }

    /// What it yields for one credential; whether the user was verified decides which of its two functions is evaluated.
    func assertionOutputs(
        of request: AssertionExtension?, for source: CredentialSource, flags: AuthenticatorData.Flags
    ) throws(PINUVAuthError) -> ExtensionOutputs {
        let credRandom = CredRandom(source.privateKey, isUserVerified: flags.contains(.userVerified))
        var outputs = CBORMap()
        switch request {
        case .hmacSecret(let salts, let sharedSecret):
            let results = credRandom.evaluate(salts).concatenated
            outputs[.text(HMACSecretInput.identifier)] = .bytes(
                try sharedSecret.encrypt(results, using: &randomness))
            return ExtensionOutputs(signed: outputs)
        case .prf(let input):
            guard let salts = input.salts(credentialID: source.id) else { return ExtensionOutputs() }
            outputs[.text(PRFInput.identifier)] = PRFOutput(results: credRandom.evaluate(salts)).ctap
            return ExtensionOutputs(unsigned: outputs)
        case nil:
            return ExtensionOutputs()
        }
    }
}
