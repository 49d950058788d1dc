import CertificateAuthority
import FoundationEssentials
import SwiftASN1
import Testing
@_spi(FixedExpiryValidationTime) import X509

@Suite struct ThrowawayCertificateAuthorityTests {
    private let now = Date(timeIntervalSince1970: 1_790_000_000)

    private func verify(
        _ pem: String, root: String, name: String, at moment: Date
    ) async throws -> CertificateValidationResult {
        var verifier = Verifier(rootCertificates: CertificateStore([try Certificate(pemEncoded: root)])) {
            ServerIdentityPolicy(serverHostname: name, serverIP: nil)
            RFC5280Policy(fixedExpiryValidationTime: moment)
        }
        return await verifier.validate(leaf: try Certificate(pemEncoded: pem), intermediates: CertificateStore())
    }

    @Test("a server certificate verifies for its names and no others")
    func chainVerifies() async throws {
        let authority = try ThrowawayCertificateAuthority(now: now)
        let issued = try authority.issueServerCertificate(for: ["cable.example.com", "localhost"], now: now)
        for name in ["cable.example.com", "localhost"] {
            let result = try await verify(issued.certificatePEM, root: authority.certificatePEM, name: name, at: now)
            guard case .validCertificate = result else {
                Issue.record("\(name): \(result)")
                continue
            }
        }
        let other = try await verify(
            issued.certificatePEM, root: authority.certificatePEM, name: "cable.example.org", at: now)
        guard case .couldNotValidate = other else {
            Issue.record("accepted for another name")
            return
        }
    }

    @Test("it is refused a day before and eight days after it was made", arguments: [-1.0, 8.0])
    func validity(days: Double) async throws {
        let authority = try ThrowawayCertificateAuthority(now: now)
        let issued = try authority.issueServerCertificate(for: ["localhost"], now: now)
        let result = try await verify(
            issued.certificatePEM, root: authority.certificatePEM, name: "localhost", at: now + days * 86_400)
        guard case .couldNotValidate = result else {
            Issue.record("accepted")
            return
        }
    }

    @Test("another throw-away authority of the same name does not vouch for it")
    func otherAuthority() async throws {
        let issued = try ThrowawayCertificateAuthority(now: now).issueServerCertificate(for: ["localhost"], now: now)
        let other = try ThrowawayCertificateAuthority(now: now)
        let result = try await verify(issued.certificatePEM, root: other.certificatePEM, name: "localhost", at: now)
        guard case .couldNotValidate = result else {
            Issue.record("accepted")
            return
        }
    }

    @Test("the certificate is for a server, is no authority and names its issuer's key")
    func extensions() throws {
        let authority = try ThrowawayCertificateAuthority(now: now)
        let issued = try authority.issueServerCertificate(for: ["localhost"], addresses: [[127, 0, 0, 1]], now: now)
        let leaf = try Certificate(pemEncoded: issued.certificatePEM)
        let root = try Certificate(pemEncoded: authority.certificatePEM)
        #expect(try leaf.extensions.basicConstraints == .notCertificateAuthority)
        #expect(try leaf.extensions.extendedKeyUsage?.contains(.serverAuth) == true)
        #expect(try leaf.extensions.keyUsage == KeyUsage(digitalSignature: true))
        #expect(try leaf.extensions.subjectAlternativeNames?.count == 2)
        #expect(
            try leaf.extensions.authorityKeyIdentifier?.keyIdentifier
                == root.extensions.subjectKeyIdentifier?.keyIdentifier)
        #expect(try leaf.extensions.subjectKeyIdentifier?.keyIdentifier.count == 20)
        #expect(try root.extensions.basicConstraints == .isCertificateAuthority(maxPathLength: 0))
        #expect(issued.privateKeyPEM.hasPrefix("-----BEGIN PRIVATE KEY-----"))
        #expect(!"\(issued)\(String(reflecting: issued))".contains("PRIVATE"))
    }

    @Test(
        "what is no host name is refused",
        arguments: [
            "", ".", "a..b", "-a", "a-", "a_b", "ex ample", "exämple.com", String(repeating: "a", count: 64),
            String(repeating: "a.", count: 127) + "a", "a\0b",
        ])
    func badNames(name: String) throws {
        let authority = try ThrowawayCertificateAuthority(now: now)
        #expect(throws: CertificateAuthorityError.invalidHostName(name)) {
            try authority.issueServerCertificate(for: [name], now: now)
        }
    }

    @Test("no name at all and addresses of a wrong length are refused; an address alone will do")
    func addresses() throws {
        let authority = try ThrowawayCertificateAuthority(now: now)
        #expect(throws: CertificateAuthorityError.noName) { try authority.issueServerCertificate(for: [], now: now) }
        #expect(throws: CertificateAuthorityError.invalidAddress(byteCount: 5)) {
            try authority.issueServerCertificate(for: [], addresses: [[1, 2, 3, 4, 5]], now: now)
        }
        let issued = try authority.issueServerCertificate(
            for: [], addresses: [[UInt8](repeating: 1, count: 16)], now: now)
        #expect(try Certificate(pemEncoded: issued.certificatePEM).extensions.subjectAlternativeNames?.count == 1)
    }
}
