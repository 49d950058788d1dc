import CBOR
import Crypto
import RelyingParty
import SwiftASN1
import Testing
import WebAuthnModel
import X509

@Suite("FIDO U2F attestation, WebAuthn Level 3 §8.6")
struct FIDOU2FAttestationTests {
    /// A statement of a key that certifies as a U2F authenticator does.
    func attestation(
        credential algorithm: COSEAlgorithm = .es256, certified: COSEAlgorithm = .es256, copies: Int = 1,
        change: (inout [UInt8]) -> Void = { _ in }
    ) throws -> Attestation {
        let credential = try TestCredential(algorithm)
        let attested = try #require(credential.data.attestedCredentialData)
        var point: [UInt8] = [4]
        if case .ec2(_, _, let x, let y) = attested.publicKey { point += x + y }
        var data: [UInt8] = [0]
        data += credential.data.relyingPartyIDHash + credential.clientDataHash + attested.credentialID + point
        change(&data)
        let key = try TestKey.make(certified)
        let certificate = try testAuthority.get().issue(key: #require(key.certificateKey))
        return try credential.attestation(
            .fidoU2F,
            [
                "sig": .bytes(try key.sign(data)),
                "x5c": .array([CBORValue](repeating: .bytes(try certificate.der), count: copies)),
            ])
    }

    @Test("A statement is accepted")
    func accepts() async throws {
        let result = try await expectTrusted(attestation())
        guard case .certified(.basicOrAttestationAuthority, _, distrust: nil) = result.trust else {
            Issue.record("\(result)")
            return
        }
    }

    @Test("Step 1: a statement that lacks a member or has one more is refused", arguments: ["sig", "x5c", "alg"])
    func members(name: String) async throws {
        var map = try #require(attestation().object.statement.map)
        map[.text(name)] = name == "alg" ? -7 : nil
        try await expectRefused(try TestCredential().attestation(.fidoU2F, .map(map)), .statementMember(name))
    }

    @Test("Step 2: there is one certificate, and its key is on P-256")
    func certificate() async throws {
        try await expectRefused(attestation(copies: 2), .defect(.u2fCertificateCount))
        try await expectRefused(attestation(copies: 0), .certificateCount(0))
        try await expectRefused(attestation(certified: .es384), .defect(.u2fCertificateKey))
        try await expectRefused(attestation(certified: .rs256), .defect(.u2fCertificateKey))
    }

    @Test("Step 4: the credential's key is on P-256", arguments: [COSEAlgorithm.es384, .edDSA, .rs256])
    func credentialKey(algorithm: COSEAlgorithm) async throws {
        try await expectRefused(attestation(credential: algorithm), .defect(.u2fCredentialKey))
    }

    @Test("Steps 5 and 6: every byte of what is signed counts", arguments: [0, 1, 33, 65, 97, 161])
    func signature(index: Int) async throws {
        try await expectRefused(attestation { $0[index] ^= 1 }, .signature(.invalidSignature))
    }
}

@Suite("Apple anonymous attestation, WebAuthn Level 3 §8.8")
struct AppleAttestationTests {
    func attestation(
        nonce: [UInt8]? = nil, key: COSEAlgorithm = .es256, wrap: ([UInt8]) -> [UInt8]? = Self.wrapped,
        members: CBORMap = CBORMap()
    ) throws -> Attestation {
        let credential = try TestCredential()
        let nonce = nonce ?? Array(SHA256.hash(data: credential.signedBytes))
        let extensions = wrap(nonce).map {
            [Certificate.Extension(oid: [1, 2, 840, 113635, 100, 8, 2], critical: false, value: $0[...])]
        }
        let certificate = try testAuthority.get().issue(
            key: #require(TestKey.make(key).certificateKey), extensions: extensions ?? [])
        var map = members
        map["x5c"] = [.bytes(try certificate.der)]
        return try credential.attestation(.apple, .map(map))
    }

    static func wrapped(_ nonce: [UInt8]) -> [UInt8]? { der([0x30], der([0xA1], der([0x04], nonce))) }

    @Test("A statement is accepted, with the member of the first devices too")
    func accepts() async throws {
        var first = CBORMap()
        first["alg"] = -7
        for attestation in [try attestation(), try attestation(members: first)] {
            let result = try await expectTrusted(attestation)
            guard case .certified(.anonymizationAuthority, _, distrust: nil) = result.trust else {
                Issue.record("\(result)")
                return
            }
        }
    }

    @Test("Step 1: a statement has certificates and nothing else")
    func members() async throws {
        var other = CBORMap()
        other["sig"] = .bytes([])
        try await expectRefused(attestation(members: other), .statementMember("sig"))
        let empty = try TestCredential().attestation(.apple, .map(CBORMap()))
        try await expectRefused(empty, .statementMember("x5c"))
        try await expectRefused(try TestCredential().attestation(.apple, []), .statementMember("(the whole)"))
    }

    @Test("Step 4: the certificate has the nonce")
    func nonce() async throws {
        try await expectRefused(attestation(nonce: [1]), .defect(.appleNonce))
        try await expectRefused(attestation(wrap: { _ in nil }), .defect(.appleNonceExtension))
        try await expectRefused(attestation(wrap: { $0 }), .defect(.appleNonceExtension))
        try await expectRefused(attestation(wrap: { der([0x30], der([0x04], $0)) }), .defect(.appleNonceExtension))
    }

    @Test("Step 5: the certificate is for the credential's key")
    func key() async throws {
        try await expectRefused(attestation(key: .es384), .defect(.appleKey))
    }
}

@Suite("Compound attestation, WebAuthn Level 3 §8.9")
struct CompoundAttestationTests {
    static func item(_ attestation: Attestation) -> CBORValue {
        ["fmt": .text(attestation.object.format.rawValue), "attStmt": attestation.object.statement]
    }

    static func packed() throws -> CBORValue {
        let credential = try TestCredential()
        return [
            "fmt": "packed",
            "attStmt": ["alg": -7, "sig": .bytes(try credential.key.sign(credential.signedBytes))],
        ]
    }

    func compound(_ items: [CBORValue]) throws -> Attestation {
        try TestCredential().attestation(.compound, .array(items))
    }

    @Test("Statements of different formats are accepted together, and one that is trusted is enough")
    func accepts() async throws {
        let result = try await expectTrusted(
            compound([Self.packed(), Self.item(AppleAttestationTests().attestation())]))
        guard case .compound(let results) = result.trust else {
            Issue.record("\(result)")
            return
        }
        #expect(results.map(\.format) == [.packed, .apple])
        #expect(results.map(\.trust.isTrusted) == [false, true])
    }

    @Test("A compound statement survives CBOR")
    func encoded() throws {
        let object = try compound([Self.packed(), Self.packed()]).object
        #expect(try AttestationObject(decoding: object.encoded) == object)
    }

    @Test("Where none is trusted, a policy that wants trust refuses")
    func untrusted() async throws {
        let attestation = try compound([Self.packed(), ["fmt": "none", "attStmt": [:]]])
        #expect(try await AttestationPolicy().assess(attestation).trust.isTrusted == false)
        do {
            _ = try await AttestationPolicy(requiresTrust: true).assess(attestation)
            Issue.record("accepted")
        } catch AttestationError.untrusted(let reason) {
            #expect(reason.contains("self attestation") && reason.contains("there is none"))
        }
    }

    @Test("One incorrect statement makes the whole incorrect")
    func refuses() async throws {
        let good = try Self.packed()
        let bad: CBORValue = ["fmt": "packed", "attStmt": ["alg": -7, "sig": .bytes([])]]
        let unknown: CBORValue = ["fmt": "other", "attStmt": [:]]
        let nested: CBORValue = ["fmt": "compound", "attStmt": .array([good, good])]
        try await expectRefused(compound([good, bad]), .signature(.malformedSignature(.es256)))
        try await expectRefused(compound([]), .defect(.compoundCount))
        try await expectRefused(compound([good]), .defect(.compoundCount))
        try await expectRefused(compound([CBORValue](repeating: good, count: 9)), .defect(.compoundCount))
        try await expectRefused(compound([good, "packed"]), .defect(.compoundMember))
        try await expectRefused(compound([good, ["fmt": "packed"]]), .defect(.compoundMember))
        try await expectRefused(compound([good, ["fmt": "none", "attStmt": [:], "x": 1]]), .defect(.compoundMember))
        try await expectRefused(compound([good, nested]), .defect(.compoundNested))
        try await expectRefused(
            try TestCredential().attestation(.compound, [:]), .defect(.compoundCount))
        await #expect(throws: AttestationError.self) {
            _ = try await AttestationPolicy().assess(compound([good, unknown]))
        }
    }
}
