import CTAP
import Crypto

/// The key of a credential's pseudo-random function (CTAP 2.3 §12, hmac-secret: CredRandomWithUV and CredRandomWithoutUV).
///
/// The specification has the authenticator draw two of them with each credential. Here both are derived from the private key,
/// which is just as secret and random, so that every credential has them: those of stores and credential IDs that know
/// nothing of them as well. They can be told neither from each other nor from the private key:
///
///     HKDF-SHA-256(IKM = private key[32], no salt, info = "Aikagi CredRandom with UV" or "… without UV", 32 bytes)
struct CredRandom {
    private let key: SymmetricKey

    /// The key for requests that verify the user, or the one for those that do not.
    init(_ privateKey: CredentialPrivateKey, isUserVerified: Bool) {
        let info = isUserVerified ? "Aikagi CredRandom with UV" : "Aikagi CredRandom without UV"
        key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: privateKey.rawRepresentation.symmetricKey, info: Array(info.utf8), outputByteCount: 32)
    }

    /// What the function makes of salts.
    func evaluate(_ salts: PRFValues) -> PRFValues { salts.evaluated(by: key) }
}
