public import CTAP
import WebAuthnModel

extension Authenticator {
    /// What authenticatorGetInfo answers (CTAP 2.3 §6.4); the hybrid transport sends it unasked.
    ///
    /// It says what is true and nothing else. `FIDO_2_0` is the only version: later ones demand more extensions and a PIN or
    /// PIN/UV auth tokens, of which there are none, hence neither `clientPin` nor `pinUvAuthToken`. The PIN/UV auth protocols
    /// are there for `hmac-secret` alone. `makeCredUvNotRqd` is of those later versions, too: to an authenticator that says it
    /// but has no PIN/UV auth tokens Chromium (checked with 156) does not say `uv` even where a site requires it.
    public nonisolated var info: AuthenticatorInfo {
        var options = ["rk": true, "up": true]
        if configuration.isBuiltIn { options["plat"] = true }
        if configuration.verifiesUser { options["uv"] = true }
        let protocols = configuration.flavour.pinUVAuthProtocols.map(\.rawValue)
        return AuthenticatorInfo(
            versions: ["FIDO_2_0"],
            extensions: [
                configuration.flavour.takesPRFInTheClear ? PRFInput.identifier : HMACSecretInput.identifier
            ], aaguid: configuration.aaguid, options: options, maximumMessageSize: configuration.maximumMessageSize,
            pinUVAuthProtocols: protocols.isEmpty ? nil : protocols,
            maximumCredentialCountInList: UInt64(configuration.maximumCredentialCountInList),
            maximumCredentialIDLength: UInt64(Authenticator.maximumCredentialIDLength),
            transports: configuration.transports,
            algorithms: CredentialPrivateKey.supportedAlgorithms.map { PublicKeyCredentialParameters($0) },
            firmwareVersion: configuration.firmwareVersion)
    }
}
