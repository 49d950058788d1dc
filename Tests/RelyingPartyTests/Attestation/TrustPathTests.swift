import CBOR
import Crypto
import FoundationEssentials
import RelyingParty
import SwiftASN1
import TestSupport
import Testing
import WebAuthnModel
import X509

@Suite("Trust paths, RFC 5280 §6")
struct TrustPathTests {
    /// An intermediate authority, which tests can spoil.
    struct Intermediate {
        var key = P256.Signing.PrivateKey()
        var extensions: [Certificate.Extension]

        init(_ extensions: [Certificate.Extension]? = nil) throws {
            self.extensions =
                try extensions ?? [
                    .init(BasicConstraints.isCertificateAuthority(maxPathLength: nil), critical: true),
                    .init(KeyUsage(keyCertSign: true), critical: true),
                ]
        }

        static let name = Result { try DistinguishedName { CommonName("Intermediate") } }

        func certificate() throws -> Certificate {
            try testAuthority.get().issue(subject: Self.name.get(), key: .init(key.publicKey), extensions: extensions)
        }

        /// A packed attestation by a leaf of the intermediate's.
        func attestation(
            leafExtensions: [Certificate.Extension] = [], chain: [Certificate]? = nil
        ) throws -> Attestation {
            let credential = try TestCredential()
            let leafKey = P256.Signing.PrivateKey()
            let subject = try DistinguishedName {
                CountryName("JP")
                OrganizationName("Aikagi")
                OrganizationalUnitName("Authenticator Attestation")
                CommonName("Leaf")
            }
            let constraints = try Certificate.Extension(BasicConstraints.notCertificateAuthority, critical: true)
            let leaf = try Certificate(
                version: .v3, serialNumber: .init(bytes: [4]), publicKey: .init(leafKey.publicKey),
                notValidBefore: testNow - 100, notValidAfter: testNow + 100, issuer: Self.name.get(), subject: subject,
                signatureAlgorithm: .ecdsaWithSHA256,
                extensions: Certificate.Extensions([constraints] + leafExtensions), issuerPrivateKey: .init(key))
            let signature = Array(try leafKey.signature(for: credential.signedBytes).derRepresentation)
            let certificates = try [leaf.der] + (chain ?? [certificate()]).map { try $0.der }
            return try credential.attestation(.packed, .map(packed(.es256, signature, x5c: certificates)))
        }
    }

    func distrust(_ attestation: Attestation, anchors: [Certificate]? = nil) async throws -> String? {
        let policy = AttestationPolicy(trustAnchors: try anchors ?? [testAuthority.get().certificate])
        guard case .certified(_, _, let distrust) = try await policy.assess(attestation).trust else {
            Issue.record("not certified")
            return nil
        }
        return distrust
    }

    @Test("A chain over an intermediate is trusted, in any order and with the root in it or not")
    func chain() async throws {
        let intermediate = try Intermediate()
        let root = try testAuthority.get().certificate
        let stranger = try TestAttestationAuthority("Stranger").certificate
        #expect(try await distrust(intermediate.attestation()) == nil)
        let certificate = try intermediate.certificate()
        for chain in [
            [certificate, root], [root, certificate], [stranger, certificate], [certificate, certificate],
        ] {
            #expect(try await distrust(intermediate.attestation(chain: chain)) == nil)
        }
        #expect(try await distrust(intermediate.attestation(chain: [])) != nil)
        #expect(try await distrust(intermediate.attestation(), anchors: [stranger]) != nil)
        #expect(try await distrust(intermediate.attestation(), anchors: [certificate]) == nil)
    }

    @Test("A critical extension that nobody understands refuses the chain, wherever it is")
    func criticalExtensions() async throws {
        let unknown = Certificate.Extension(oid: [1, 2, 3, 4], critical: true, value: [5, 0])
        let harmless = Certificate.Extension(oid: [1, 2, 3, 4], critical: false, value: [5, 0])
        let good = try Intermediate()
        let inLeaf = try #require(try await distrust(good.attestation(leafExtensions: [unknown])))
        #expect(inLeaf.contains("certificate 0") && inLeaf.contains("1.2.3.4"))
        let inIssuer = try #require(
            try await distrust(Intermediate(good.extensions + [unknown]).attestation()))
        #expect(inIssuer.contains("certificate 1") && inIssuer.contains("1.2.3.4"))
        #expect(try await distrust(Intermediate(good.extensions + [harmless]).attestation()) == nil)
        #expect(try await distrust(good.attestation(leafExtensions: [harmless])) == nil)
    }

    @Test("An issuer that is no authority refuses the chain")
    func issuers() async throws {
        let notAuthority = try Certificate.Extension(BasicConstraints.notCertificateAuthority, critical: true)
        let authority = try Certificate.Extension(
            BasicConstraints.isCertificateAuthority(maxPathLength: nil), critical: true)
        let otherUsage = try Certificate.Extension(KeyUsage(digitalSignature: true), critical: true)
        #expect(try await distrust(Intermediate([authority]).attestation()) == nil)
        #expect(try await distrust(Intermediate([notAuthority]).attestation()) != nil)
        #expect(try await distrust(Intermediate([]).attestation()) != nil)
        #expect(try await distrust(Intermediate([authority, otherUsage]).attestation()) != nil)
    }

    @Test("A web of certificates that sign each other is no work", .timeLimit(.minutes(1)))
    func web() async throws {
        // Seven certificates of one name and key, each of which could have issued each other one.
        let intermediate = try Intermediate()
        let certificates = try (0..<7).map { index in
            try Certificate(
                version: .v3, serialNumber: .init(bytes: [UInt8(10 + index)]),
                publicKey: .init(intermediate.key.publicKey), notValidBefore: testNow - 100,
                notValidAfter: testNow + 100, issuer: Intermediate.name.get(), subject: Intermediate.name.get(),
                signatureAlgorithm: .ecdsaWithSHA256, extensions: Certificate.Extensions(intermediate.extensions),
                issuerPrivateKey: .init(intermediate.key))
        }
        let attestation = try intermediate.attestation(chain: certificates)
        // One path is followed, not the fourteen thousand that there are.
        #expect(try await distrust(attestation) != nil)
    }

    @Test("Certificates are read from PEM and DER, and those that cannot be read are named")
    func list() throws {
        let root = try testAuthority.get().certificate
        let pem = try root.serializeAsPEM().pemString
        let broken = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
        let key = "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n"
        #expect(CertificateList(reading: try root.der)?.certificates == [root])
        let list = CertificateList(reading: Array("text\n\(pem)\n\(broken)\(key)\(pem)\n".utf8))
        #expect(list?.certificates == [root, root])
        #expect(list?.unreadable == [1])
        #expect(CertificateList(reading: Array(broken.utf8))?.unreadable == [0])
        for bytes in [[], [0x30, 0], Array("nothing".utf8), Array(key.utf8), [0xFF, 0x80]] as [[UInt8]] {
            #expect(CertificateList(reading: bytes) == nil)
        }
    }
}
