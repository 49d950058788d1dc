import Crypto
import FoundationEssentials
import WebAuthnModel

/// The credential ID of a credential that is not discoverable: its private key, sealed under the store's wrapping key.
///
///     version[1] = 0x02 ‖ nonce[12] ‖ AES-256-GCM(algorithm[1] ‖ properties[1] ‖ key) ‖ tag[16]
///
/// The additional data is `version ‖ SHA-256(RP ID)`: another relying party's ID does not open. A new wrapping key
/// makes all earlier IDs worthless, which is how authenticatorReset reaches credentials that are not stored. Of the
/// properties the lower two bits are the protection, and bit 2 is thirdPartyPayment. Version 1 had none.
enum WrappedCredentialID {
    static let version: UInt8 = 2
    private static let versionWithoutProperties: UInt8 = 1
    /// Version, nonce, algorithm, properties and tag.
    private static let overhead = 1 + 12 + 1 + 1 + 16
    private static let codes: [COSEAlgorithm] = [
        .es256, .edDSA, .es384, .es512, .mlDSA65, .es256K, .rs256, .mlDSA44,
    ]

    /// The longest, which holds the two primes of an RSA key of 2048 bits.
    static let maximumByteCount = overhead + 256

    /// The longest where there may be no such keys; it holds a key on P-521.
    static let maximumByteCountWithoutRSA = overhead + 66

    /// What an ID holds.
    struct Content: Equatable {
        let privateKey: CredentialPrivateKey
        let properties: CredentialProperties
    }

    /// Wraps a key.
    static func seal(
        _ key: CredentialPrivateKey, properties: CredentialProperties, relyingPartyIDHash: [UInt8],
        wrappingKey: SecretBytes, using generator: inout some RandomNumberGenerator
    ) throws -> [UInt8] {
        guard let code = codes.firstIndex(of: key.algorithm) else {
            throw CredentialPrivateKeyError.unsupportedAlgorithm(key.algorithm)
        }
        let nonce = randomBytes(12, using: &generator)
        let bits = properties.protection.rawValue | (properties.isThirdPartyPaymentEnabled ? 4 : 0)
        let plaintext = [UInt8(code + 1), bits] + key.rawRepresentation.exposeSecret()
        let box = try AES.GCM.seal(
            plaintext, using: wrappingKey.symmetricKey, nonce: AES.GCM.Nonce(data: nonce),
            authenticating: [version] + relyingPartyIDHash)
        var id = [version]
        id.reserveCapacity(overhead + plaintext.count)
        id += nonce
        id += box.ciphertext
        id += box.tag
        return id
    }

    /// The content of an ID, or `nil` when the ID was not made here, not for this relying party, or before a reset.
    ///
    /// - Parameter supplement: Who loads the key if this module cannot.
    static func open(
        _ id: [UInt8], relyingPartyIDHash: [UInt8], wrappingKey: SecretBytes, supplement: SupplementaryAlgorithms
    ) -> Content? {
        guard let version = id.first, version == Self.version || version == versionWithoutProperties,
            id.count > overhead, id.count <= maximumByteCount
        else { return nil }
        do {
            let box = try AES.GCM.SealedBox(combined: id.dropFirst())
            let plaintext = Array(
                try AES.GCM.open(
                    box, using: wrappingKey.symmetricKey, authenticating: [version] + relyingPartyIDHash))
            guard let code = plaintext.first, (1...codes.count).contains(Int(code)) else { return nil }
            var properties = CredentialProperties()
            var rest = plaintext.dropFirst()
            if version == Self.version {
                guard let bits = rest.popFirst(), let protection = CredentialProtection(rawValue: bits & 3) else {
                    return nil
                }
                properties.protection = protection
                properties.isThirdPartyPaymentEnabled = bits & 4 != 0
            }
            let key = try CredentialPrivateKey(
                algorithm: codes[Int(code) - 1], rawRepresentation: SecretBytes(rest), supplement: supplement)
            return Content(privateKey: key, properties: properties)
        } catch {
            return nil  // whatever is wrong with it, it is not ours
        }
    }
}
