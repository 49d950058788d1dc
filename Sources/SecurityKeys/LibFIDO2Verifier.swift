import CBOR
import CLibFIDO2
public import CTAP
public import WebAuthnModel

/// libfido2 as a relying party's judge of what an authenticator returned, independent of our own verification.
public enum LibFIDO2Verifier {
    /// What a registration's attestation statement proves.
    public enum Attestation: Hashable, Sendable {
        /// Nothing: the format is `none`.
        case none
        /// That the credential's own key signed.
        case selfSigned
        /// That the key of the certificate in the statement signed; who issued it is not looked at.
        case certified
    }

    /// Verifies a registration: RP ID hash, flags, and the attestation signature if there is one.
    ///
    /// - Parameters:
    ///   - response: What the authenticator returned.
    ///   - clientDataHash: SHA-256 of the client data.
    ///   - relyingPartyID: The RP ID.
    ///   - requiresUserVerification: Whether the UV flag must be set.
    /// - Throws: ``LibFIDO2Error/invalidSignature``, ``LibFIDO2Error/invalidParameter`` for a wrong RP ID or flags, and
    ///   ``LibFIDO2Error/invalidArgument`` for what cannot be decoded.
    public static func verifyRegistration(
        _ response: MakeCredentialResponse, clientDataHash: [UInt8], relyingPartyID: String,
        requiresUserVerification: Bool = false
    ) throws(LibFIDO2Error) -> Attestation {
        guard let key = publicKey(in: response.authenticatorData), let credential = fido_cred_new() else {
            throw .invalidArgument
        }
        defer {
            var credential: OpaquePointer? = credential
            fido_cred_free(&credential)
        }
        let data = response.authenticatorData
        let statement = CBOREncoder.encode(.map(response.statement ?? CBORMap()))
        try LibFIDO2Error.check(fido_cred_set_type(credential, CInt(clamping: key.algorithm.rawValue)))
        try LibFIDO2Error.check(fido_cred_set_clientdata_hash(credential, clientDataHash, clientDataHash.count))
        try LibFIDO2Error.check(fido_cred_set_rp(credential, relyingPartyID, nil))
        try LibFIDO2Error.check(fido_cred_set_authdata_raw(credential, data, data.count))
        try LibFIDO2Error.check(
            fido_cred_set_uv(credential, requiresUserVerification ? FIDO_OPT_TRUE : FIDO_OPT_OMIT))
        try LibFIDO2Error.check(fido_cred_set_fmt(credential, response.format.rawValue))
        try LibFIDO2Error.check(fido_cred_set_attstmt(credential, statement, statement.count))
        if response.format == .none { return .none }
        if fido_cred_x5c_len(credential) > 0 {
            try LibFIDO2Error.check(fido_cred_verify(credential))
            return .certified
        }
        try LibFIDO2Error.check(fido_cred_verify_self(credential))
        return .selfSigned
    }

    /// Verifies an assertion: RP ID hash, flags, and the signature with the credential's public key.
    ///
    /// - Parameters:
    ///   - response: What the authenticator returned.
    ///   - clientDataHash: SHA-256 of the client data.
    ///   - relyingPartyID: The RP ID.
    ///   - publicKey: The key from the credential's registration; ES256, ES384, EdDSA or RS256 with 2048 bits.
    ///   - requiresUserPresence: Whether the UP flag must be set.
    ///   - requiresUserVerification: Whether the UV flag must be set.
    /// - Throws: As ``verifyRegistration(_:clientDataHash:relyingPartyID:requiresUserVerification:)``.
    public static func verifyAssertion(
        _ response: GetAssertionResponse, clientDataHash: [UInt8], relyingPartyID: String, publicKey: COSEKey,
        requiresUserPresence: Bool = true, requiresUserVerification: Bool = false
    ) throws(LibFIDO2Error) {
        guard let assertion = fido_assert_new() else { throw .internal }
        defer {
            var assertion: OpaquePointer? = assertion
            fido_assert_free(&assertion)
        }
        let data = response.authenticatorData
        try LibFIDO2Error.check(fido_assert_set_count(assertion, 1))
        try LibFIDO2Error.check(fido_assert_set_clientdata_hash(assertion, clientDataHash, clientDataHash.count))
        try LibFIDO2Error.check(fido_assert_set_rp(assertion, relyingPartyID))
        try LibFIDO2Error.check(fido_assert_set_authdata_raw(assertion, 0, data, data.count))
        try LibFIDO2Error.check(fido_assert_set_sig(assertion, 0, response.signature, response.signature.count))
        try LibFIDO2Error.check(fido_assert_set_up(assertion, requiresUserPresence ? FIDO_OPT_TRUE : FIDO_OPT_OMIT))
        try LibFIDO2Error.check(
            fido_assert_set_uv(assertion, requiresUserVerification ? FIDO_OPT_TRUE : FIDO_OPT_OMIT))
        let key = try LibFIDO2PublicKey.make(publicKey)
        let algorithm = CInt(clamping: publicKey.algorithm.rawValue)
        try LibFIDO2Error.check(key.withPointer { fido_assert_verify(assertion, 0, algorithm, $0) })
    }

    private static func publicKey(in authenticatorData: [UInt8]) -> COSEKey? {
        do throws(AuthenticatorDataError) {
            return try AuthenticatorData(decoding: authenticatorData).attestedCredentialData?.publicKey
        } catch {
            return nil
        }
    }
}

/// A public key in the library's form; freed when it goes.
private struct LibFIDO2PublicKey: ~Copyable {
    private enum Object {
        case es256(OpaquePointer)
        case es384(OpaquePointer)
        case edDSA(OpaquePointer)
        case rs256(OpaquePointer)
    }

    private let object: Object

    private init(_ object: Object) { self.object = object }

    static func make(_ key: COSEKey) throws(LibFIDO2Error) -> LibFIDO2PublicKey {
        let made: LibFIDO2PublicKey
        let result: CInt
        switch key {
        case .ec2(.es256, .p256, let x, let y):
            guard let pointer = es256_pk_new() else { throw .internal }
            made = LibFIDO2PublicKey(.es256(pointer))
            result = es256_pk_from_ptr(pointer, x + y, x.count + y.count)
        case .ec2(.es384, .p384, let x, let y):
            guard let pointer = es384_pk_new() else { throw .internal }
            made = LibFIDO2PublicKey(.es384(pointer))
            result = es384_pk_from_ptr(pointer, x + y, x.count + y.count)
        case .okp(.edDSA, .ed25519, let x):
            guard let pointer = eddsa_pk_new() else { throw .internal }
            made = LibFIDO2PublicKey(.edDSA(pointer))
            result = eddsa_pk_from_ptr(pointer, x, x.count)
        case .rsa(.rs256, let modulus, let exponent) where modulus.count == 256 && exponent.count == 3:
            guard let pointer = rs256_pk_new() else { throw .internal }
            made = LibFIDO2PublicKey(.rs256(pointer))
            result = rs256_pk_from_ptr(pointer, modulus + exponent, modulus.count + exponent.count)
        default:
            throw .invalidArgument
        }
        try LibFIDO2Error.check(result)
        return made
    }

    /// Lends the pointer; a borrowed key lives at least that long.
    borrowing func withPointer(_ body: (UnsafeRawPointer) -> CInt) -> CInt {
        switch object {
        case .es256(let pointer), .es384(let pointer), .edDSA(let pointer), .rs256(let pointer):
            body(UnsafeRawPointer(pointer))
        }
    }

    deinit {
        switch object {
        case .es256(let pointer):
            var pointer: OpaquePointer? = pointer
            es256_pk_free(&pointer)
        case .es384(let pointer):
            var pointer: OpaquePointer? = pointer
            es384_pk_free(&pointer)
        case .edDSA(let pointer):
            var pointer: OpaquePointer? = pointer
            eddsa_pk_free(&pointer)
        case .rs256(let pointer):
            var pointer: OpaquePointer? = pointer
            rs256_pk_free(&pointer)
        }
    }
}
