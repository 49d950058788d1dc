public import CBOR

/// The input of the extension `hmac-secret` in authenticatorGetAssertion (CTAP 2.3 §12, hmac-secret): salts, encrypted.
///
/// | key | member | type |
/// |---|---|---|
/// | 1 | keyAgreement | COSE_Key of the platform |
/// | 2 | saltEnc | bstr: `encrypt(shared secret, salt1 ‖ salt2?)` |
/// | 3 | saltAuth | bstr: `authenticate(shared secret, saltEnc)` |
/// | 4 | pinUvAuthProtocol | uint, optional: 1 when absent |
public struct HMACSecretInput: Hashable, Sendable {
    /// The extension's identifier.
    public static let identifier = "hmac-secret"

    /// The platform's public key.
    public var keyAgreement: KeyAgreementPublicKey
    /// The encrypted salts.
    public var saltEncrypted: [UInt8]
    /// The authentication code over ``saltEncrypted``.
    public var saltAuthenticationCode: [UInt8]
    /// The protocol that the secret was agreed on by.
    public var pinUVAuthProtocol: PINUVAuthProtocol

    /// Reads the map; the point is looked at first, so that no other error can be had with one that is not on the curve.
    ///
    /// - Throws: CTAP2_ERR_CBOR_UNEXPECTED_TYPE for a member of another type, CTAP2_ERR_MISSING_PARAMETER when one of the
    ///   first three is missing, CTAP1_ERR_INVALID_PARAMETER for a key that is none or a protocol that is not supported.
    public init(ctap item: CBORValue) throws(CTAPStatus) {
        let map = try Member.map(item)
        guard let keyAgreement = try Member.optional(1, in: map, KeyAgreementPublicKey.init(ctap:)),
            let saltEncrypted = try Member.optional(2, in: map, Member.bytes),
            let saltAuthenticationCode = try Member.optional(3, in: map, Member.bytes)
        else { throw .missingParameter }
        let number = try Member.optional(4, in: map, Member.unsigned) ?? 1
        guard let pinUVAuthProtocol = PINUVAuthProtocol(rawValue: number) else { throw .invalidParameter }
        self.keyAgreement = keyAgreement
        self.saltEncrypted = saltEncrypted
        self.saltAuthenticationCode = saltAuthenticationCode
        self.pinUVAuthProtocol = pinUVAuthProtocol
    }

    /// A platform's input for an authenticator that has this secret as well.
    ///
    /// - Parameters:
    ///   - keyAgreement: the platform's public key that the secret was agreed on with.
    ///   - generator: draws protocol two's initialization vector.
    public init(
        _ salts: PRFValues, keyAgreement: KeyAgreementPublicKey, sharedSecret: PINUVAuthSharedSecret,
        using generator: inout some RandomNumberGenerator
    ) throws(PINUVAuthError) {
        self.keyAgreement = keyAgreement
        saltEncrypted = try sharedSecret.encrypt(salts.concatenated, using: &generator)
        saltAuthenticationCode = sharedSecret.authenticate(saltEncrypted)
        pinUVAuthProtocol = sharedSecret.pinUVAuthProtocol
    }

    /// The map.
    public var ctap: CBORValue {
        [
            1: keyAgreement.ctap, 2: .bytes(saltEncrypted), 3: .bytes(saltAuthenticationCode),
            4: .unsigned(pinUVAuthProtocol.rawValue),
        ]
    }

    /// The authenticator's reading of the salts.
    ///
    /// - Throws: CTAP2_ERR_PIN_AUTH_INVALID when the authentication code is not the secret's, CTAP1_ERR_INVALID_PARAMETER
    ///   when the ciphertext does not hold one or two salts of 32 bytes.
    public func salts(_ sharedSecret: PINUVAuthSharedSecret) throws(CTAPStatus) -> PRFValues {
        guard sharedSecret.isValid(saltAuthenticationCode, for: saltEncrypted) else { throw .pinAuthInvalid }
        let plaintext: [UInt8]
        do throws(PINUVAuthError) {
            plaintext = try sharedSecret.decrypt(saltEncrypted)
        } catch {
            throw .invalidParameter  // one status covers every way in which it cannot be decrypted
        }
        guard let salts = PRFValues(concatenated: plaintext) else { throw .invalidParameter }
        return salts
    }
}
