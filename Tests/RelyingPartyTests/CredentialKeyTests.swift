import CBOR
import Crypto
import FoundationEssentials
import RelyingParty
import TestSupport
import Testing
import WebAuthnModel

@Suite("Credential public keys")
struct CredentialKeyTests {
    static let zero = [UInt8](repeating: 0, count: 32)
    static let modulus = [UInt8](repeating: 0xFF, count: 256)

    static func ed25519(_ hex: String) -> COSEKey {
        .okp(algorithm: .edDSA, curve: .ed25519, x: [UInt8](hex: hex) ?? [])
    }

    static func rsa(_ modulus: [UInt8], _ exponent: [UInt8]) -> COSEKey {
        .rsa(algorithm: .rs256, modulus: modulus, exponent: exponent)
    }

    static let table: [(COSEKey, SignatureError)] = [
        (.ec2(algorithm: .es256, curve: .p256, x: zero, y: zero), .invalidKey(.es256)),
        (.ec2(algorithm: .es256, curve: .secp256k1, x: zero, y: zero), .keyType(.es256)),
        (.okp(algorithm: .es256, curve: .ed25519, x: zero), .keyType(.es256)),
        (.ec2(algorithm: .edDSA, curve: .p256, x: zero, y: zero), .keyType(.edDSA)),
        (.ec2(algorithm: .rs256, curve: .p256, x: zero, y: zero), .keyType(.rs256)),
        (.ec2(algorithm: .es384, curve: .p256, x: zero, y: zero), .keyType(.es384)),
        (
            .ec2(algorithm: .es384, curve: .p384, x: zero + zero.prefix(16), y: zero + zero.prefix(16)),
            .invalidKey(.es384)
        ),
        (.ec2(algorithm: .es512, curve: .p384, x: zero + zero.prefix(16), y: zero + zero.prefix(16)), .keyType(.es512)),
        (
            .ec2(algorithm: .es512, curve: .p521, x: zero + zero + [0, 0], y: zero + zero + [0, 0]), .invalidKey(.es512)
        ),
        (.rsa(algorithm: .ps256, modulus: modulus, exponent: [3]), .weakKey(.ps256)),
        (.okp(algorithm: .mlDSA65, curve: .ed25519, x: zero), .keyType(.mlDSA65)),
        (.akp(algorithm: .mlDSA65, publicKey: zero), .invalidKey(.mlDSA65)),
        (.akp(algorithm: .mlDSA87, publicKey: zero), .invalidKey(.mlDSA87)),
        (.akp(algorithm: .es256, publicKey: zero), .keyType(.es256)),
        (ed25519("0000000000000000000000000000000000000000000000000000000000000000"), .weakKey(.edDSA)),
        (ed25519("0000000000000000000000000000000000000000000000000000000000000080"), .weakKey(.edDSA)),
        (ed25519("0100000000000000000000000000000000000000000000000000000000000000"), .weakKey(.edDSA)),
        (ed25519("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"), .weakKey(.edDSA)),
        (ed25519("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"), .weakKey(.edDSA)),
        (ed25519("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"), .weakKey(.edDSA)),
        (ed25519("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), .weakKey(.edDSA)),
        (ed25519("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"), .weakKey(.edDSA)),
        (ed25519("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), .weakKey(.edDSA)),
        (ed25519("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"), .weakKey(.edDSA)),
        (rsa([], []), .weakKey(.rs256)),
        (rsa([UInt8](repeating: 0xFF, count: 255), [1, 0, 1]), .weakKey(.rs256)),
        (rsa([0x7F] + modulus.dropFirst(), [1, 0, 1]), .weakKey(.rs256)),
        (rsa([0, 0] + modulus.dropFirst(), [1, 0, 1]), .weakKey(.rs256)),
        (rsa(modulus, [3]), .weakKey(.rs256)),
        (rsa(modulus, [1]), .weakKey(.rs256)),
        (rsa(modulus, []), .invalidKey(.rs256)),
        (rsa(modulus, [0, 0]), .invalidKey(.rs256)),
        (rsa(modulus, [1, 0, 0]), .invalidKey(.rs256)),
        (rsa(modulus, [1, 0, 0, 0, 1]), .invalidKey(.rs256)),
        (rsa(modulus.dropLast() + [0xFE], [1, 0, 1]), .invalidKey(.rs256)),
        (rsa([UInt8](repeating: 0xFF, count: 1025), [1, 0, 1]), .invalidKey(.rs256)),
    ]

    @Test("Keys that are invalid or weak are refused at registration", arguments: table)
    func refuses(key: COSEKey, expected: SignatureError) async throws {
        let party = try makeRelyingParty()
        var authenticator = try TestAuthenticator()
        let attested = AttestedCredentialData(
            aaguid: testAAGUID, credentialID: authenticator.credentialID, publicKey: key)
        let data = authenticator.authenticatorData(with: attested).encoded
        authenticator.changeAuthenticatorData = { _ in data }
        let response = try authenticator.register(party.registration())
        await #expect(throws: RegistrationError.publicKey(expected)) {
            _ = try await party.verify(
                registration: response, for: party.registration(), existing: nil, now: testNow)
        }
        #expect("\(expected)".count > 20)
    }

    @Test(
        "Signatures of the wrong form are refused", arguments: WebAuthnRelyingParty.supportedAlgorithms,
        [0, 63, 65, 300])
    func signatureForms(algorithm: COSEAlgorithm, count: Int) async throws {
        let party = try makeRelyingParty()
        let authenticator = try TestAuthenticator(algorithm)
        let record = try await party.verify(
            registration: authenticator.register(party.registration()), for: party.registration(), existing: nil,
            now: testNow
        ).record
        var response = try authenticator.authenticate(party.authentication())
        response.response.signature.bytes = [UInt8](repeating: 1, count: count)
        let isRSA = [.rs256, .ps256].contains(algorithm)
        let expected: SignatureError = isRSA ? .invalidSignature : .malformedSignature(algorithm)
        #expect(throws: AuthenticationError.signature(expected)) {
            _ = try party.verify(
                authentication: response, for: party.authentication(), record: record, now: testNow)
        }
    }

    @Test("An ECDSA signature with a superfluous zero byte is refused")
    func notMinimal() async throws {
        let party = try makeRelyingParty()
        let authenticator = try TestAuthenticator()
        let record = try await party.verify(
            registration: authenticator.register(party.registration()), for: party.registration(), existing: nil,
            now: testNow
        ).record
        var response = try authenticator.authenticate(party.authentication())
        var signature = response.response.signature.bytes
        signature.insert(0, at: 4)
        signature[1] += 1
        signature[3] += 1
        response.response.signature.bytes = signature
        #expect(throws: AuthenticationError.signature(.malformedSignature(.es256))) {
            _ = try party.verify(
                authentication: response, for: party.authentication(), record: record, now: testNow)
        }
    }
}
