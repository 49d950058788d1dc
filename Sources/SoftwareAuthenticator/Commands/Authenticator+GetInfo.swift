public import CTAP
import WebAuthnModel

extension Authenticator {
    /// What authenticatorGetInfo answers (CTAP 2.3 §6.4); the hybrid transport sends it unasked.
    ///
    /// It says what is true and nothing else. `FIDO_2_0` is the only version: later ones demand extensions and PIN/UV
    /// auth protocols, of which there are none, hence neither `extensions` nor `pinUvAuthProtocols` nor `clientPin`.
    public nonisolated var info: AuthenticatorInfo {
        var options = ["rk": true, "up": true]
        if configuration.flavour.isPlatform { options["plat"] = true }
        if configuration.verifiesUser {
            options["uv"] = true
            options["makeCredUvNotRqd"] = true
        }
        return AuthenticatorInfo(
            versions: ["FIDO_2_0"], aaguid: configuration.aaguid, options: options,
            maximumMessageSize: configuration.maximumMessageSize,
            maximumCredentialCountInList: UInt64(configuration.maximumCredentialCountInList),
            maximumCredentialIDLength: UInt64(Authenticator.maximumCredentialIDLength),
            transports: configuration.flavour.transports,
            algorithms: CredentialPrivateKey.supportedAlgorithms.map { PublicKeyCredentialParameters($0) },
            firmwareVersion: configuration.firmwareVersion)
    }
}
