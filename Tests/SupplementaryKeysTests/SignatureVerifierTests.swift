import CBOR
import Crypto
import Foundation
import RelyingParty
import SoftwareAuthenticator
import SupplementaryKeys
import TestSupport
import Testing
import WebAuthnModel

@Suite("Signatures that other libraries verify", .timeLimit(.minutes(2)))
struct SignatureVerifierTests {
    static let generatorX = [UInt8](hex: "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798") ?? []
    static let generatorY = [UInt8](hex: "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8") ?? []
    /// The public key of the scalar 1.
    static let generator = COSEKey.ec2(algorithm: .es256K, curve: .secp256k1, x: generatorX, y: generatorY)
    /// What pyca/cryptography 50 (OpenSSL, RFC 6979) signs "aikagi" with under the scalar 1.
    static let r = "1cf4f0e3248e068c2b33283e6ba8c8b1c081a423be7da688905270c71998dd17"
    static let s = "5629a12cf1139f8a2d64b455ed0532a3e43724317e8f47a595992784e3f5691b"
    static let order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
    static let zeroes = [UInt8](repeating: 0, count: 32)

    @Test("there are ES256K and ML-DSA-44, and the first of two for the same algorithm counts")
    func all() {
        #expect(SignatureVerifiers.all.algorithms == [.es256K, .mlDSA44])
        #expect(SignatureVerifiers.all[.es256] == nil && SignatureVerifiers.none[.es256K] == nil)
        #expect(SignatureVerifiers.all == SignatureVerifiers([ES256KVerifier(), MLDSA44Verifier()]))
        #expect(SignatureVerifiers.all != .none)
    }

    static let signatures: [(String, SignatureError?)] = [
        ("30440220\(r)0220\(s)", nil),
        // One bit, two numbers exchanged, zero, and the order.
        ("30440220\(r)0220\(s.dropLast())a", .invalidSignature),
        ("30440220\(s)0220\(r)", .invalidSignature),
        ("3006020100020100", .invalidSignature),
        ("3006020101020101", .invalidSignature),
        ("30250201000220\(s)", .invalidSignature),
        ("3045022100\(order)0220\(s)", .invalidSignature),
        // Not the one spelling of DER: a tail, a superfluous zero, a negative number, a long length, raw, nothing.
        ("30440220\(r)0220\(s)00", .malformedSignature(.es256K)),
        ("3045022100\(r)0220\(s)", .malformedSignature(.es256K)),
        ("30440220\(order)0220\(s)", .malformedSignature(.es256K)),
        ("3081440220\(r)0220\(s)", .malformedSignature(.es256K)),
        ("\(r)\(s)", .malformedSignature(.es256K)),
        ("", .malformedSignature(.es256K)),
    ]

    @Test("ES256K: a signature of pyca's, and what is none", arguments: signatures)
    func es256K(hex: String, expected: SignatureError?) throws {
        let signature = try #require([UInt8](hex: hex))
        let verify = { () throws(SignatureError) in
            try ES256KVerifier().verify(signature, over: Array("aikagi".utf8), with: Self.generator)
        }
        if let expected { #expect(throws: expected) { try verify() } } else { try verify() }
    }

    @Test("ES256K: another message, another key")
    func others() throws {
        let signature = try #require([UInt8](hex: "30440220\(Self.r)0220\(Self.s)"))
        #expect(throws: SignatureError.invalidSignature) {
            try ES256KVerifier().verify(signature, over: Array("Aikagi".utf8), with: Self.generator)
        }
        var random = SeededGenerator(seed: 3)
        let other = try CredentialPrivateKey(generating: .es256K, supplement: .all, using: &random).publicKey
        #expect(throws: SignatureError.invalidSignature) {
            try ES256KVerifier().verify(signature, over: Array("aikagi".utf8), with: other)
        }
    }

    static let keyTable: [(COSEKey, SignatureError)] = [
        (.ec2(algorithm: .es256K, curve: .p256, x: generatorX, y: generatorY), .keyType(.es256K)),
        (.ec2(algorithm: .es256K, curve: .secp256k1, x: generatorX, y: generatorX), .invalidKey(.es256K)),
        (.ec2(algorithm: .es256K, curve: .secp256k1, x: zeroes, y: zeroes), .invalidKey(.es256K)),
        (.ec2(algorithm: .es256K, curve: .secp256k1, x: [], y: []), .invalidKey(.es256K)),
        (.okp(algorithm: .es256K, curve: .ed25519, x: zeroes), .keyType(.es256K)),
        (.ec2(algorithm: .mlDSA44, curve: .p256, x: zeroes, y: zeroes), .keyType(.mlDSA44)),
        (.akp(algorithm: .mlDSA44, publicKey: []), .invalidKey(.mlDSA44)),
        (.akp(algorithm: .mlDSA44, publicKey: [UInt8](repeating: 0, count: 1311)), .invalidKey(.mlDSA44)),
        (.akp(algorithm: .mlDSA44, publicKey: [UInt8](repeating: 0, count: 1952)), .invalidKey(.mlDSA44)),
    ]

    @Test("a key that is none is refused before and while it verifies", arguments: keyTable)
    func refusesKeys(key: COSEKey, expected: SignatureError) throws {
        let verifier = try #require(SignatureVerifiers.all[key.algorithm])
        #expect(throws: expected) { try verifier.check(key) }
        #expect(throws: expected) { try verifier.verify([1], over: [1], with: key) }
    }

    /// A client and an authenticator in one, for one kind of key.
    struct Ceremonies {
        let key: CredentialPrivateKey
        let now = Date(timeIntervalSince1970: 1_800_000_000)

        func party(_ verifiers: SignatureVerifiers) throws -> WebAuthnRelyingParty {
            try WebAuthnRelyingParty(
                id: "portal.example", name: "", origins: ["https://portal.example"], verifiers: verifiers)
        }

        func data(_ credential: AttestedCredentialData?, counter: UInt32) -> [UInt8] {
            AuthenticatorData(
                relyingPartyIDHash: Array(SHA256.hash(data: Array("portal.example".utf8))),
                flags: [.userPresent, .userVerified], signatureCounter: counter, attestedCredentialData: credential
            ).encoded
        }

        func clientData(_ ceremony: Ceremony, _ type: String) -> [UInt8] {
            CollectedClientData(type: type, challenge: ceremony.challenge.bytes, origin: "https://portal.example")
                .encoded
        }

        func signature(_ data: [UInt8], _ clientData: [UInt8]) throws -> [UInt8] {
            try key.signature(for: data + Array(SHA256.hash(data: clientData)))
        }

        func register(
            _ party: WebAuthnRelyingParty, spoiling: Bool = false
        ) async throws -> (RegistrationResult, [COSEAlgorithm]) {
            var random = SeededGenerator(seed: 1)
            let (options, ceremony) = party.registrationOptions(
                for: PublicKeyCredentialUserEntity(id: [1], name: "mina"), excluding: [], now: now, using: &random)
            let clientData = clientData(ceremony, CollectedClientData.createType)
            let data = data(
                AttestedCredentialData(aaguid: .zero, credentialID: [7], publicKey: key.publicKey), counter: 1)
            var signature = try signature(data, clientData)
            if spoiling { signature[signature.count - 1] ^= 1 }
            let statement: CBORValue = ["alg": CBORValue(key.algorithm.rawValue), "sig": .bytes(signature)]
            let object = AttestationObject(format: .packed, statement: statement, authenticatorData: data)
            let result = try await party.verify(
                registration: RegistrationResponse(
                    credentialID: [7], response: .init(clientDataJSON: clientData, attestationObject: object.encoded),
                    authenticatorAttachment: nil),
                for: ceremony, existing: nil, now: now)
            return (result, options.pubKeyCredParams.map(\.alg))
        }

        func authenticate(_ party: WebAuthnRelyingParty, _ record: CredentialRecord, spoiling: Bool) throws {
            var random = SeededGenerator(seed: 2)
            let (_, ceremony) = party.authenticationOptions(now: now, using: &random)
            let clientData = clientData(ceremony, CollectedClientData.getType)
            let data = data(nil, counter: 2)
            var signature = try signature(data, clientData)
            if spoiling { signature[signature.count - 1] ^= 1 }
            _ = try party.verify(
                authentication: AuthenticationResponse(
                    credentialID: [7],
                    response: .init(
                        clientDataJSON: clientData, authenticatorData: data, signature: signature, userHandle: [1]),
                    authenticatorAttachment: nil),
                for: ceremony, record: record, now: now)
        }
    }

    @Test(
        "a relying party asks for, registers and verifies them, and without verifiers does not",
        arguments: [
            COSEAlgorithm.es256K, .mlDSA44,
        ])
    func relyingParty(algorithm: COSEAlgorithm) async throws {
        var random = SeededGenerator(seed: 9)
        let ceremonies = Ceremonies(
            key: try CredentialPrivateKey(generating: algorithm, supplement: .all, using: &random))
        let party = try ceremonies.party(.all)
        let (result, asked) = try await ceremonies.register(party)
        #expect(asked == WebAuthnRelyingParty.supportedAlgorithms + [.es256K, .mlDSA44])
        #expect(result.attestation.trust == .selfAttested)
        try ceremonies.authenticate(party, result.record, spoiling: false)
        #expect(throws: AuthenticationError.signature(.invalidSignature)) {
            try ceremonies.authenticate(party, result.record, spoiling: true)
        }
        await #expect(throws: RegistrationError.attestation(.signature(.invalidSignature))) {
            _ = try await ceremonies.register(party, spoiling: true)
        }
        #expect(
            try await party.attestation(of: result.record, registeredAt: ceremonies.now, now: ceremonies.now)?.trust
                == .selfAttested)

        let alone = try ceremonies.party(.none)
        await #expect(
            throws: RegistrationError.algorithmNotOffered(algorithm, offered: WebAuthnRelyingParty.supportedAlgorithms)
        ) { _ = try await ceremonies.register(alone) }
        #expect(throws: AuthenticationError.recordUnusable("\(SignatureError.algorithm(algorithm))")) {
            try ceremonies.authenticate(alone, result.record, spoiling: false)
        }
    }
}
