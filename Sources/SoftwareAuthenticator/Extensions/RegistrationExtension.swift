import CBOR
import CTAP
import WebAuthnModel

/// What a registration asks of the new credential's pseudo-random function.
enum RegistrationExtension: Sendable {
    /// `hmac-secret`: whether there is one.
    case hmacSecret
    /// `prf`: the same, and perhaps a first evaluation.
    case prf(PRFInput)
}

extension Authenticator {
    /// Reads the extension that the flavour has; `nil` when it is not asked for.
    func registrationExtension(_ extensions: CBORMap?) throws(CTAPStatus) -> RegistrationExtension? {
        if configuration.flavour.takesPRFInTheClear {
            guard let item = extensions?[.text(PRFInput.identifier)] else { return nil }
            // Salts by credential make no sense before there is one (WebAuthn Level 3 §10.1.4); they do not get here, being
            // nested a level deeper than CTAP 2.3 §8 allows a registration.
            return .prf(try PRFInput(ctap: item))
        }
        guard let item = extensions?[.text(HMACSecretInput.identifier)] else { return nil }
        guard let isWanted = item.boolean else { throw .cborUnexpectedType }
        return isWanted ? .hmacSecret : nil
    }

    /// What it yields: every credential has a pseudo-random function.
    func registrationOutputs(
        of request: RegistrationExtension?, for source: CredentialSource, flags: AuthenticatorData.Flags
    ) -> ExtensionOutputs {
        var outputs = CBORMap()
        switch request {
        case .hmacSecret:
            outputs[.text(HMACSecretInput.identifier)] = true
            return ExtensionOutputs(signed: outputs)
        case .prf(let input):
            let credRandom = CredRandom(source.privateKey, isUserVerified: flags.contains(.userVerified))
            outputs[.text(PRFInput.identifier)] =
                PRFOutput(isEnabled: true, results: input.eval.map(credRandom.evaluate)).ctap
            return ExtensionOutputs(unsigned: outputs)
        case nil:
            return ExtensionOutputs()
        }
    }
}
