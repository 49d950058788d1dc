import CBOR
import Crypto
import CryptoExtras
import FoundationEssentials
import RelyingParty
import SwiftASN1
import TestSupport
import Testing
import WebAuthnModel
import X509

/// A packed statement.
func packed(_ algorithm: COSEAlgorithm, _ signature: [UInt8], x5c: [[UInt8]]? = nil) -> CBORMap {
    var statement = CBORMap()
    statement["alg"] = CBORValue(algorithm.rawValue)
    statement["sig"] = .bytes(signature)
    statement["x5c"] = x5c.map { .array($0.map(CBORValue.bytes)) }
    return statement
}

@Suite("Packed attestation, WebAuthn Level 3 §8.2")
struct AttestationTests {
    func verify(
        _ authenticator: TestAuthenticator, policy: AttestationPolicy = AttestationPolicy()
    ) async throws -> AttestationResult {
        let party = try makeRelyingParty(attestation: .direct, policy: policy)
        return try await party.verify(
            registration: authenticator.register(party.registration()), for: party.registration(), existing: nil,
            now: testNow
        ).attestation
    }

    @Test("Self attestation of each algorithm is accepted", arguments: WebAuthnRelyingParty.supportedAlgorithms)
    func selfAttestation(algorithm: COSEAlgorithm) async throws {
        var authenticator = try TestAuthenticator(algorithm)
        let key = authenticator.key
        authenticator.attest = { (.packed, packed(algorithm, try key.sign($0))) }
        #expect(
            try await verify(authenticator)
                == AttestationResult(format: .packed, trust: .selfAttested, aaguid: testAAGUID))
    }

    @Test("A policy that wants trust refuses what nobody vouches for", arguments: [AttestationFormat.none, .packed])
    func wantsTrust(format: AttestationFormat) async throws {
        var authenticator = try TestAuthenticator()
        let key = authenticator.key
        if format == .packed { authenticator.attest = { (.packed, packed(.es256, try key.sign($0))) } }
        await #expect(throws: RegistrationError.self) {
            _ = try await verify(authenticator, policy: AttestationPolicy(requiresTrust: true))
        }
    }

    struct Defect: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let expected: AttestationError
        let statement: @Sendable (_ signature: [UInt8]) -> CBORMap
    }

    static func statement(
        alg: CBORValue? = -7, sig: CBORValue?, x5c: CBORValue? = nil, other: CBORValue? = nil
    ) -> CBORMap {
        var map = CBORMap()
        map["alg"] = alg
        map["sig"] = sig
        map["x5c"] = x5c
        map["ecdaaKeyId"] = other
        return map
    }

    static let defects: [Defect] = [
        Defect(
            testDescription: "no alg", expected: .statementMember("alg"),
            statement: { statement(alg: nil, sig: .bytes($0)) }),
        Defect(
            testDescription: "alg is text", expected: .statementMember("alg"),
            statement: { statement(alg: "ES256", sig: .bytes($0)) }),
        Defect(testDescription: "no sig", expected: .statementMember("sig"), statement: { _ in statement(sig: nil) }),
        Defect(
            testDescription: "sig is text", expected: .statementMember("sig"),
            statement: { _ in statement(sig: "x") }),
        Defect(
            testDescription: "ECDAA", expected: .statementMember("ecdaaKeyId"),
            statement: { statement(sig: .bytes($0), other: .bytes([])) }),
        Defect(
            testDescription: "another algorithm", expected: .algorithmMismatch(statement: .edDSA, key: .es256),
            statement: { statement(alg: -8, sig: .bytes($0)) }),
        Defect(
            testDescription: "changed signature", expected: .signature(.invalidSignature),
            statement: { statement(sig: .bytes($0.dropLast() + [($0.last ?? 0) ^ 1])) }),
        Defect(
            testDescription: "empty signature", expected: .signature(.malformedSignature(.es256)),
            statement: { _ in statement(sig: .bytes([])) }),
        Defect(
            testDescription: "x5c is bytes", expected: .statementMember("x5c"),
            statement: { statement(sig: .bytes($0), x5c: .bytes([])) }),
        Defect(
            testDescription: "x5c is empty", expected: .certificateCount(0),
            statement: { statement(sig: .bytes($0), x5c: []) }),
        Defect(
            testDescription: "x5c of nine", expected: .certificateCount(9),
            statement: { statement(sig: .bytes($0), x5c: .array([CBORValue](repeating: .bytes([]), count: 9))) }),
        Defect(
            testDescription: "x5c of texts", expected: .statementMember("x5c"),
            statement: { statement(sig: .bytes($0), x5c: ["x"]) }),
        Defect(
            testDescription: "x5c of garbage", expected: .certificateUnreadable(index: 0),
            statement: { statement(sig: .bytes($0), x5c: [.bytes([0x30, 0x00])]) }),
    ]

    @Test("Each defect of a statement meets its own refusal", arguments: defects)
    func refusesStatement(defect: Defect) async throws {
        var authenticator = try TestAuthenticator()
        let key = authenticator.key
        authenticator.attest = { (.packed, defect.statement(try key.sign($0))) }
        await #expect(throws: RegistrationError.attestation(defect.expected)) { _ = try await verify(authenticator) }
        #expect("\(defect.expected)".count > 20)
    }

    /// A registration whose attestation key is the test key of an algorithm.
    func attested(
        by authority: TestAttestationAuthority, _ leaf: TestAttestationAuthority.Leaf = .init(),
        algorithm: COSEAlgorithm = .es256, statementAlgorithm: COSEAlgorithm? = nil, rest: [[UInt8]] = []
    ) throws -> TestAuthenticator {
        let key = try TestKey.make(algorithm)
        let publicKey = try #require(key.certificateKey)
        let chain = [try authority.issue(leaf, key: publicKey).der] + rest
        var authenticator = try TestAuthenticator()
        authenticator.key = .es256(P256.Signing.PrivateKey())
        authenticator.attest = {
            (.packed, packed(statementAlgorithm ?? algorithm, try key.sign($0), x5c: chain))
        }
        return authenticator
    }

    @Test(
        "A chain to a trust anchor is trusted",
        arguments: [COSEAlgorithm.es256, .es384, .es512, .edDSA, .ps256, .rs256])
    func trusted(algorithm: COSEAlgorithm) async throws {
        let authority = try TestAttestationAuthority()
        let policy = AttestationPolicy(trustAnchors: [authority.certificate], requiresTrust: true)
        let result = try await verify(try attested(by: authority, algorithm: algorithm), policy: policy)
        guard case .certified(.basicOrAttestationAuthority, let chain, distrust: nil) = result.trust else {
            Issue.record("not trusted: \(result)")
            return
        }
        #expect(chain.count == 1)
    }

    @Test("A certificate without AAGUID extension is accepted")
    func withoutAAGUID() async throws {
        let authority = try TestAttestationAuthority()
        let policy = AttestationPolicy(trustAnchors: [authority.certificate], requiresTrust: true)
        _ = try await verify(try attested(by: authority, .init(aaguid: nil)), policy: policy)
    }

    typealias Leaf = TestAttestationAuthority.Leaf

    static let country = AttestationError.certificateSubject(attribute: "C", expected: "a country code of two letters")
    static let unit = AttestationError.certificateSubject(
        attribute: "OU", expected: "\"Authenticator Attestation\"")

    static let leaves: [(Leaf, AttestationError)] = [
        (Leaf(country: nil), country),
        (Leaf(country: "JPN"), country),
        (Leaf(country: "81"), country),
        (Leaf(organization: nil), .certificateSubject(attribute: "O", expected: "the vendor's name")),
        (Leaf(unit: "authenticator attestation"), unit),
        (Leaf(unit: nil), unit),
        (Leaf(commonName: nil), .certificateSubject(attribute: "CN", expected: "a text of the vendor's")),
        (Leaf(version: .v1, basicConstraints: nil, aaguid: nil), .certificateVersion),
        (Leaf(basicConstraints: .isCertificateAuthority(maxPathLength: 0)), .certificateIsAuthority),
        (Leaf(basicConstraints: nil), .certificateIsAuthority),
        (Leaf(isAAGUIDCritical: true), .certificateAAGUIDCritical),
        (Leaf(aaguid: [4, 1, 0]), .certificateAAGUIDMalformed),
        (Leaf(aaguid: testAAGUID.bytes), .certificateAAGUIDMalformed),
        (
            Leaf(aaguid: [4, 16] + AAGUID.zero.bytes),
            .certificateAAGUID(certificate: .zero, authenticatorData: testAAGUID)
        ),
    ]

    @Test("Each defect of the leaf meets its own refusal, trust or no trust", arguments: leaves)
    func refusesLeaf(leaf: Leaf, expected: AttestationError) async throws {
        let authority = try TestAttestationAuthority()
        for anchors in [[], [authority.certificate]] {
            await #expect(throws: RegistrationError.attestation(expected)) {
                _ = try await verify(
                    try attested(by: authority, leaf), policy: AttestationPolicy(trustAnchors: anchors))
            }
        }
        #expect("\(expected)".count > 20)
    }

    @Test("A statement that names another algorithm than the leaf's key is refused")
    func leafAlgorithm() async throws {
        let authority = try TestAttestationAuthority()
        await #expect(throws: RegistrationError.attestation(.signature(.keyType(.rs256)))) {
            _ = try await verify(try attested(by: authority, statementAlgorithm: .rs256))
        }
        await #expect(throws: RegistrationError.attestation(.signature(.algorithm(.rs1)))) {
            _ = try await verify(try attested(by: authority, statementAlgorithm: .rs1))
        }
    }

    @Test("A chain that is expired, not yet valid, of another issuer or without anchors is correct but not trusted")
    func untrusted() async throws {
        let authority = try TestAttestationAuthority()
        let stranger = try TestAttestationAuthority()
        let unknown = try TestAttestationAuthority("Somebody")
        let trustful = AttestationPolicy(trustAnchors: [authority.certificate])
        let cases: [(TestAuthenticator, AttestationPolicy)] = [
            (try attested(by: authority, Leaf(lifetime: 0..<499)), trustful),
            (try attested(by: authority, Leaf(lifetime: 501..<1000)), trustful),
            (try attested(by: stranger), trustful),
            (try attested(by: unknown), trustful),
            (try attested(by: unknown, rest: [try unknown.certificate.der]), trustful),
            (try attested(by: authority), AttestationPolicy()),
        ]
        for (authenticator, policy) in cases {
            guard case .certified(_, _, distrust: .some) = try await verify(authenticator, policy: policy).trust else {
                Issue.record("trusted")
                continue
            }
            let strict = AttestationPolicy(trustAnchors: policy.trustAnchors, requiresTrust: true)
            do {
                _ = try await verify(authenticator, policy: strict)
                Issue.record("accepted")
            } catch RegistrationError.attestation(.untrusted(let reason)) {
                #expect(!reason.isEmpty)
            }
        }
    }
}
