import CBOR
import CTAP
import Crypto
import Foundation
import SoftwareAuthenticator
import SwiftASN1
import TestSupport
import Testing
import WebAuthnModel
import X509

@Suite("Attestation formats (WebAuthn §8), and the choice among them", .timeLimit(.minutes(2)))
struct AttestationFormatTests {
    private static let aaguid = Flavour.securityKey.aaguid

    /// One for all: no two signatures on a certificate are the same.
    private static let root = Result { try newRoot() }

    private static func newRoot(seed: UInt64 = 3) throws -> AttestationIdentity {
        var generator = SeededGenerator(seed: seed)
        return try AttestationIdentity(aaguid: aaguid, validFrom: AttestationIdentity.firstDay, using: &generator)
    }

    private static func issued(_ purpose: AttestationIdentity.Purpose, seed: UInt64 = 4) throws -> AttestationIdentity {
        var generator = SeededGenerator(seed: seed)
        return try root.get().issuing(purpose, for: aaguid, using: &generator)
    }

    private static func bench(_ attestations: [Attestation]) -> Bench {
        Bench(.securityKey) { $0.attestations = attestations }
    }

    private static func verify(_ signature: [UInt8]?, over message: [UInt8], by certificate: [UInt8]) throws {
        let key = try #require(P256.Signing.PublicKey(try Certificate(derEncoded: certificate).publicKey))
        let signature = try P256.Signing.ECDSASignature(derRepresentation: try #require(signature))
        #expect(key.isValidSignature(signature, for: message))
    }

    @Test("§8.6 fido-u2f: the model is not disclosed, and the signature is over what U2F signs")
    func fidoU2F() async throws {
        let identity = try Self.root.get()
        let bench = Self.bench([.fidoU2F(identity)])
        #expect(try await bench.client.getInfo().algorithms?.map(\.alg) == [.es256])
        let made = try await bench.register(Bench.registration(algorithms: [.edDSA, .es256]))
        let statement = try #require(made.response.statement)
        #expect(made.response.format.rawValue == "fido-u2f")
        #expect(statement.entries.compactMap(\.key.text) == ["sig", "x5c"])
        #expect(made.data.attestedCredentialData?.aaguid == .zero)
        guard case .ec2(.es256, .p256, let x, let y) = made.publicKey else {
            Issue.record("\(made.publicKey)")
            return
        }
        let signed = [0] + made.data.relyingPartyIDHash + Bench.clientDataHash + made.id + [4] + x + y
        try Self.verify(statement["sig"]?.bytes, over: signed, by: identity.leafCertificate)
    }

    @Test("§8.3 tpm: a TPM certifies the key that it describes", arguments: [COSEAlgorithm.es256, .es384, .es512])
    func tpm(algorithm: COSEAlgorithm) async throws {
        let identity = try Self.issued(.trustedPlatformModule)
        let bench = Self.bench([.tpm(identity)])
        #expect(try await bench.client.getInfo().algorithms?.map(\.alg) == [.es256, .es384, .es512])
        let made = try await bench.register(Bench.registration(algorithms: [algorithm]))
        let statement = try #require(made.response.statement)
        #expect(
            statement.entries.compactMap(\.key.text) == ["alg", "sig", "ver", "x5c", "pubArea", "certInfo"])
        #expect(statement["ver"]?.text == "2.0")
        guard case .ec2(algorithm, let curve, let x, let y) = made.publicKey else {
            Issue.record("\(made.publicKey)")
            return
        }
        // ECC, SHA-256, attributes, no policy; no cipher, no scheme, the curve, no derivation; the point.
        let number: UInt8 = [.p256: 3, .p384: 4, .p521: 5][curve] ?? 0
        let length = UInt8(x.count)
        let area =
            try #require(
                [UInt8](hex: "0023000b0004007200000010001000" + "0\(number)" + "0010")) + [0, length] + x + [0, length]
            + y
        #expect(statement["pubArea"]?.bytes == area)
        let hash = Array(SHA256.hash(data: made.response.authenticatorData + Bench.clientDataHash))
        // The magic number, TPM_ST_ATTEST_CERTIFY, no signer's name, the hash; clock and firmware; the name of the key.
        var certification = try #require([UInt8](hex: "ff54434780170000" + "0020")) + hash
        certification += [UInt8](repeating: 0, count: 16) + [1] + [UInt8](repeating: 0, count: 8)
        certification += [0, 34, 0, 0x0B] + SHA256.hash(data: area) + [0, 0]
        #expect(statement["certInfo"]?.bytes == certification)
        try Self.verify(statement["sig"]?.bytes, over: certification, by: identity.leafCertificate)
    }

    @Test("§8.3.1 the certificate of a TPM's key has no subject, but a module's name and the purpose")
    func tpmCertificate() throws {
        let leaf = try Certificate(derEncoded: try Self.issued(.trustedPlatformModule).leafCertificate)
        #expect(leaf.subject.isEmpty)
        #expect(try leaf.extensions.basicConstraints == .notCertificateAuthority)
        let usage = try #require(try leaf.extensions.extendedKeyUsage)
        #expect(usage.contains(ExtendedKeyUsage.Usage(oid: [2, 23, 133, 8, 3])))
        let names = try #require(try leaf.extensions.subjectAlternativeNames)
        guard case .directoryName(let name) = names.first else {
            Issue.record("\(names)")
            return
        }
        #expect(name.flatMap { $0 }.map(\.type) == [[2, 23, 133, 2, 1], [2, 23, 133, 2, 2], [2, 23, 133, 2, 3]])
    }

    @Test("§8.4 android-key: a certificate for the credential's own key, with what the key store says of it")
    func androidKey() async throws {
        let issuer = try Self.issued(.credentialIssuer)
        let bench = Self.bench([.androidKey(issuer)])
        let made = try await bench.register(Bench.registration())
        let statement = try #require(made.response.statement)
        #expect(statement.entries.compactMap(\.key.text) == ["alg", "sig", "x5c"])
        let chain = (statement["x5c"]?.array ?? []).compactMap(\.bytes)
        let own = try #require(chain.first)
        #expect(Array(chain.dropFirst()) == [issuer.leafCertificate, issuer.rootCertificate])
        let message = made.response.authenticatorData + Bench.clientDataHash
        try Self.verify(statement["sig"]?.bytes, over: message, by: own)
        #expect(
            try isValid(
                try #require(statement["sig"]?.bytes), over: made.response.authenticatorData, by: made.publicKey))
        let leaf = try Certificate(derEncoded: own)
        let description = try #require(leaf.extensions[oid: [1, 3, 6, 1, 4, 1, 11129, 2, 1, 17]])
        // Version 3, trusted environment, Keymaster 4, trusted environment, the challenge, no unique ID; nothing in
        // software; [1] purposes {2}, [702] origin 0.
        let expected =
            try #require([UInt8](hex: "30420201030a01010201040a01010420"))
            + Bench.clientDataHash + (try #require([UInt8](hex: "04003000300ea1053103020102bf853e03020100")))
        #expect(Array(description.value) == expected)
    }

    @Test("§8.8 apple: a certificate for the credential's own key, with the hash of what others sign")
    func apple() async throws {
        let issuer = try Self.issued(.credentialIssuer)
        let bench = Self.bench([.apple(issuer)])
        #expect(try await bench.client.getInfo().algorithms?.map(\.alg) == [.es256])
        let made = try await bench.register(Bench.registration())
        let statement = try #require(made.response.statement)
        #expect(statement.entries.compactMap(\.key.text) == ["x5c"])
        let chain = (statement["x5c"]?.array ?? []).compactMap(\.bytes)
        let own = try #require(chain.first)
        #expect(Array(chain.dropFirst()) == [issuer.leafCertificate])
        let leaf = try Certificate(derEncoded: own)
        let nonce = try #require(leaf.extensions[oid: [1, 2, 840, 113635, 100, 8, 2]])
        let hash = SHA256.hash(data: made.response.authenticatorData + Bench.clientDataHash)
        #expect(Array(nonce.value) == [0x30, 0x24, 0xA1, 0x22, 0x04, 0x20] + hash)
        let key = try #require(P256.Signing.PublicKey(leaf.publicKey))
        #expect(
            made.publicKey
                == .ec2(
                    algorithm: .es256, curve: .p256, x: Array(key.rawRepresentation.prefix(32)),
                    y: Array(key.rawRepresentation.suffix(32))))
    }

    @Test(
        "every certificate leads to the root",
        arguments: [AttestationIdentity.Purpose.model, .device, .trustedPlatformModule, .credentialIssuer])
    func chain(purpose: AttestationIdentity.Purpose) throws {
        let issued = try Self.issued(purpose)
        let root = try Certificate(derEncoded: issued.rootCertificate)
        let certificate = try Certificate(derEncoded: issued.leafCertificate)
        #expect(root.publicKey.isValidSignature(certificate.signature, for: certificate))
        #expect(certificate.issuer == root.subject)
        #expect(issued.rootCertificate == (try Self.root.get()).rootCertificate)
        #expect(issued.leafCertificate != (try Self.root.get()).leafCertificate)
    }

    @Test("a device's serial number is the same each time, and another's is another")
    func deviceSerialNumber() throws {
        func serial(_ identity: AttestationIdentity) throws -> ArraySlice<UInt8>? {
            try Certificate(derEncoded: identity.leafCertificate).extensions[oid: [1, 3, 6, 1, 4, 1, 45724, 1, 1, 2]]?
                .value
        }
        let first = try #require(try serial(try Self.issued(.device)))
        #expect(first.count == 10 && first.starts(with: [0x04, 8]))
        #expect(try serial(try Self.issued(.device, seed: 9)) == first)
        var generator = SeededGenerator(seed: 4)
        let other = try Self.newRoot(seed: 5).issuing(.device, for: Self.aaguid, using: &generator)
        #expect(try serial(other) != first)
        #expect(try serial(try Self.root.get()) == nil)
    }

    static let preferences: [([String]?, COSEAlgorithm, String)] = [
        (nil, .es256, "fido-u2f"), ([], .es256, "fido-u2f"), (["apple"], .es256, "fido-u2f"),
        (["apple", "tpm", "packed"], .es256, "tpm"), (["packed"], .es256, "packed"), (["none", "tpm"], .es256, "none"),
        // What cannot vouch for the algorithm is passed over.
        (nil, .edDSA, "packed"), (["fido-u2f", "packed"], .edDSA, "packed"), (["tpm"], .edDSA, "packed"),
    ]

    @Test("of several the platform's preference is taken, else the first that can vouch for the algorithm")
    func preference() async throws {
        let bench = Self.bench([
            .fidoU2F(try Self.root.get()), .tpm(try Self.issued(.trustedPlatformModule)), .selfAttestation,
        ])
        let info = try await bench.client.getInfo()
        #expect(info.attestationFormats == ["fido-u2f", "tpm", "packed"])
        #expect(info.algorithms?.map(\.alg) == CredentialPrivateKey.supportedAlgorithms)
        for (preference, algorithm, format) in Self.preferences {
            var request = Bench.registration(algorithms: [algorithm])
            request.attestationFormatsPreference = preference
            let made = try await bench.register(request)
            #expect(made.response.format.rawValue == format, "\(preference ?? []) \(algorithm)")
        }
    }

    @Test("an identity whose root's key was not kept can be read, but issues nothing")
    func withoutRootKey() throws {
        var map = try #require(try CBORDecoder.decode(try Self.root.get().serialized.exposeSecret()).map)
        #expect(map[5]?.bytes?.count == 32)
        map[5] = nil
        let old = try AttestationIdentity(serialized: SecretBytes(CBOREncoder.encode(.map(map))))
        var generator = SeededGenerator(seed: 4)
        #expect(throws: AttestationIdentityError.noRootKey) {
            try old.issuing(.device, for: Self.aaguid, using: &generator)
        }
        map[5] = "no key"
        #expect(throws: AttestationIdentityError.malformed) {
            try AttestationIdentity(serialized: SecretBytes(CBOREncoder.encode(.map(map))))
        }
    }

    @Test("roots of ours are known by their name, and nothing else is taken for one")
    func rootFiles() throws {
        let (first, second) = (try Self.root.get(), try Self.newRoot(seed: 5))
        #expect(AttestationIdentity.areRootCertificatesPEM(first.rootCertificatePEM))
        #expect(AttestationIdentity.areRootCertificatesPEM(first.rootCertificatePEM + second.rootCertificatePEM))
        let leaf = PEMDocument(type: "CERTIFICATE", derBytes: first.leafCertificate).pemString
        var generator = SeededGenerator(seed: 6)
        let foreign = try AttestationIdentity(
            aaguid: Self.aaguid, organization: "Somebody", validFrom: AttestationIdentity.firstDay, using: &generator)
        for text in [
            "", "a diary", leaf, first.rootCertificatePEM + leaf, foreign.rootCertificatePEM,
            PEMDocument(type: "CERTIFICATE", derBytes: [1, 2]).pemString,
        ] {
            #expect(!AttestationIdentity.areRootCertificatesPEM(text), "\(text)")
        }
    }
}
