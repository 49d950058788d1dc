import CBOR
import CTAP
import Crypto
import Foundation
import SoftwareAuthenticator
import SwiftASN1
import TestSupport
import Testing
import WebAuthnModel
@_spi(FixedExpiryValidationTime) import X509

@Suite("Attestation (CTAP §6.1.2 step 17, WebAuthn §8.2)", .timeLimit(.minutes(2)))
struct AttestationTests {
    private static let validFrom = Date(timeIntervalSince1970: 1_767_225_600)  // 2026-01-01

    private static func identity(seed: UInt64 = 3) throws -> AttestationIdentity {
        var generator = SeededGenerator(seed: seed)
        return try AttestationIdentity(
            aaguid: Flavour.securityKey.aaguid, validFrom: validFrom, using: &generator)
    }

    @Test(
        "self attestation is a signature of the credential itself", arguments: CredentialPrivateKey.supportedAlgorithms)
    func selfAttestation(algorithm: COSEAlgorithm) async throws {
        let made = try await Bench().register(Bench.registration(algorithms: [algorithm]))
        #expect(made.response.format == .packed)
        let statement = try #require(made.response.statement)
        #expect(statement.entries.compactMap(\.key.text) == ["alg", "sig"])
        #expect(statement["alg"]?.integer == algorithm.rawValue)
        let signature = try #require(statement["sig"]?.bytes)
        #expect(try isValid(signature, over: made.response.authenticatorData, by: made.publicKey))
    }

    @Test("basic attestation is a signature of the model's key", arguments: CredentialPrivateKey.supportedAlgorithms)
    func basicAttestation(algorithm: COSEAlgorithm) async throws {
        let identity = try Self.identity()
        let bench = Bench(.securityKey, attestation: .basic(identity))
        let made = try await bench.register(Bench.registration(algorithms: [algorithm]))
        #expect(made.response.format == .packed)
        let statement = try #require(made.response.statement)
        #expect(statement.entries.compactMap(\.key.text) == ["alg", "sig", "x5c"])
        #expect(statement["alg"]?.integer == COSEAlgorithm.es256.rawValue)
        #expect(statement["x5c"]?.array == [.bytes(identity.leafCertificate)])
        let leaf = try Certificate(derEncoded: identity.leafCertificate)
        let key = try #require(P256.Signing.PublicKey(leaf.publicKey))
        let signature = try P256.Signing.ECDSASignature(
            derRepresentation: try #require(statement["sig"]?.bytes))
        #expect(key.isValidSignature(signature, for: made.response.authenticatorData + Bench.clientDataHash))
        #expect(made.data.attestedCredentialData?.aaguid == identity.aaguid)
    }

    @Test("the certificates are what WebAuthn §8.2.1 wants")
    func certificates() throws {
        let identity = try Self.identity()
        let leaf = try Certificate(derEncoded: identity.leafCertificate)
        let root = try Certificate(derEncoded: identity.rootCertificate)
        #expect(leaf.version == .v3)
        #expect(
            leaf.subject
                == (try DistinguishedName {
                    CountryName("ZZ")
                    OrganizationName("Aikagi")
                    OrganizationalUnitName("Authenticator Attestation")
                    CommonName("Aikagi 9e20a388-9ae5-44c4-8a63-16399c9f9917")
                }))
        #expect(try leaf.extensions.basicConstraints == .notCertificateAuthority)
        let model = try #require(leaf.extensions[oid: [1, 3, 6, 1, 4, 1, 45724, 1, 1, 4]])
        #expect(!model.critical)
        #expect(Array(model.value) == [0x04, 0x10] + Flavour.securityKey.aaguid.bytes)
        #expect(leaf.notValidBefore == Self.validFrom)
        #expect(leaf.notValidAfter == Self.validFrom.addingTimeInterval(3650 * 86400))
        #expect(leaf.issuer == root.subject)
        #expect(root.publicKey.isValidSignature(leaf.signature, for: leaf))
        #expect(root.issuer == root.subject)
        #expect(root.publicKey.isValidSignature(root.signature, for: root))
        #expect(try root.extensions.basicConstraints == .isCertificateAuthority(maxPathLength: 1))
        #expect(root.serialNumber != leaf.serialNumber)
    }

    @Test("the leaf passes RFC 5280 verification under its root, and no other")
    func chain() async throws {
        let identity = try Self.identity()
        let root = try Certificate(derEncoded: identity.rootCertificate)
        let other = try Certificate(derEncoded: try Self.identity(seed: 4).rootCertificate)
        let leaf = try Certificate(derEncoded: identity.leafCertificate)
        for (anchor, isTrusted) in [(root, true), (other, false)] {
            var verifier = Verifier(rootCertificates: CertificateStore([anchor])) {
                RFC5280Policy(fixedExpiryValidationTime: Self.validFrom.addingTimeInterval(1))
            }
            let result = await verifier.validate(leaf: leaf, intermediates: CertificateStore())
            if case .validCertificate = result { #expect(isTrusted) } else { #expect(!isTrusted) }
        }
    }

    @Test(
        "the platform's preference is honoured",
        arguments: [
            (Attestation.selfAttestation, nil, AttestationFormat.packed, ["alg", "sig"]),
            (.selfAttestation, [], .packed, ["alg", "sig"]), (.selfAttestation, ["none"], .none, nil),
            (.selfAttestation, ["none", "packed"], .none, []),
            (.selfAttestation, ["tpm", "packed", "none"], .packed, ["alg", "sig"]),
            (.selfAttestation, ["tpm"], .packed, ["alg", "sig"]), (.none, nil, .none, []), (.none, ["tpm"], .none, []),
            (.none, ["packed"], .packed, ["alg", "sig"]), (.none, ["none"], .none, nil),
        ] as [(Attestation, [String]?, AttestationFormat, [String]?)])
    func preference(
        attestation: Attestation, preference: [String]?, format: AttestationFormat, members: [String]?
    ) async throws {
        var request = Bench.registration()
        request.attestationFormatsPreference = preference
        let made = try await Bench(attestation: attestation).register(request)
        #expect(made.response.format == format)
        #expect(made.response.statement?.entries.compactMap(\.key.text) == members)
    }

    @Test("the flavours' habits")
    func habits() {
        #expect(Authenticator.Configuration(flavour: .platform).attestations == [.selfAttestation])
        #expect(Authenticator.Configuration(flavour: .securityKey).attestations == [.selfAttestation])
        #expect(Authenticator.Configuration(flavour: .phone).attestations == [.none])
    }

    @Test("an identity survives being stored")
    func serialization() throws {
        let identity = try Self.identity()
        #expect(try AttestationIdentity(serialized: identity.serialized) == identity)
        #expect(try Self.identity(seed: 4) != identity)
    }

    @Test("bytes that are not an identity are refused")
    func malformedIdentities() throws {
        let good = try Self.identity().serialized.exposeSecret()
        for bytes in [[], [0xA0], Array(good.dropLast()), good + [0], [0x80]] as [[UInt8]] {
            #expect(throws: AttestationIdentityError.malformed) {
                try AttestationIdentity(serialized: SecretBytes(bytes))
            }
        }
    }

    @Test("a country code that cannot stand in a certificate is an error")
    func badCountryCode() {
        var generator = SeededGenerator(seed: 1)
        #expect(throws: AttestationIdentityError.self) {
            try AttestationIdentity(aaguid: .zero, countryCode: "é!", validFrom: Self.validFrom, using: &generator)
        }
    }
}
