import Crypto
import FoundationEssentials
import WebAuthnModel

/// The credential ID of a credential that is not discoverable: its private key, sealed under the store's wrapping key.
///
///     version[1] = 0x01 ‖ nonce[12] ‖ AES-256-GCM(algorithm[1] ‖ key[32])[33] ‖ tag[16]
///
/// The additional data is `version ‖ SHA-256(RP ID)`: another relying party's ID does not open. A new wrapping key
/// makes all earlier IDs worthless, which is how authenticatorReset reaches credentials that are not stored.
enum WrappedCredentialID {
    static let version: UInt8 = 1
    /// 1 + 12 + 33 + 16.
    static let byteCount = 62

    /// Wraps a key.
    static func seal(
        _ key: CredentialPrivateKey, relyingPartyIDHash: [UInt8], wrappingKey: SecretBytes,
        using generator: inout some RandomNumberGenerator
    ) throws -> [UInt8] {
        let nonce = try AES.GCM.Nonce(data: randomBytes(12, using: &generator))
        let plaintext = [code(of: key.algorithm)] + key.rawRepresentation.exposeSecret()
        let box = try AES.GCM.seal(
            plaintext, using: wrappingKey.symmetricKey, nonce: nonce, authenticating: [version] + relyingPartyIDHash)
        return [version] + Array(box.nonce) + Array(box.ciphertext) + Array(box.tag)
    }

    /// The key in an ID, or `nil` when the ID was not made here, not for this relying party, or before a reset.
    static func open(_ id: [UInt8], relyingPartyIDHash: [UInt8], wrappingKey: SecretBytes) -> CredentialPrivateKey? {
        guard id.count == byteCount, id.first == version else { return nil }
        do {
            let box = try AES.GCM.SealedBox(combined: id.dropFirst())
            let plaintext = try AES.GCM.open(
                box, using: wrappingKey.symmetricKey, authenticating: [version] + relyingPartyIDHash)
            guard let algorithm = plaintext.first.flatMap(algorithm(of:)) else { return nil }
            return try CredentialPrivateKey(
                algorithm: algorithm, rawRepresentation: SecretBytes(plaintext.dropFirst()))
        } catch {
            return nil  // whatever is wrong with it, it is not ours
        }
    }

    private static func code(of algorithm: COSEAlgorithm) -> UInt8 { algorithm == .edDSA ? 2 : 1 }

    private static func algorithm(of code: UInt8) -> COSEAlgorithm? {
        switch code {
        case 1: .es256
        case 2: .edDSA
        default: nil
        }
    }
}
