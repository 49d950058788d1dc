import CBOR
import Crypto
import FoundationEssentials
import RelyingParty
import Testing
import WebAuthnModel
import X509

/// A JSON Web Signature, every part of which a test can spoil.
struct TestJWS: Sendable {
    var algorithm = "ES256"
    var header: [String: JSONValue] = [:]
    var payload: [UInt8]
    var host = "attest.android.com"
    var changeSignature: @Sendable ([UInt8]) -> [UInt8] = { $0 }
    var chain: [[UInt8]]?

    func encoded() throws -> [UInt8] {
        let keys: [String: COSEAlgorithm] = [
            "ES256": .es256, "ES384": .es384, "ES512": .es512, "RS256": .rs256, "PS256": .ps256, "EdDSA": .edDSA,
        ]
        let key = try TestKey.make(keys[algorithm] ?? .es256)
        let leaf = try testAuthority.get().issue(
            subject: DistinguishedName { CommonName(host) }, key: #require(key.certificateKey),
            extensions: [.init(SubjectAlternativeNames([.dnsName(host)]), critical: false)])
        var members = header
        members["alg"] = .string(algorithm)
        members["x5c"] = .array(try (chain ?? [leaf.der]).map { .string(Data($0).base64EncodedString()) })
        let head = Base64URL.encode(try JSONEncoder().encode(members))
        let input = Array("\(head).\(Base64URL.encode(payload))".utf8)
        return input + Array(".\(Base64URL.encode(changeSignature(try Self.sign(input, key))))".utf8)
    }

    /// JOSE has r ‖ s.
    private static func sign(_ input: [UInt8], _ key: TestKey) throws -> [UInt8] {
        switch key {
        case .es256(let key): Array(try key.signature(for: input).rawRepresentation)
        case .es384(let key): Array(try key.signature(for: SHA384.hash(data: input)).rawRepresentation)
        case .es512(let key): Array(try key.signature(for: SHA512.hash(data: input)).rawRepresentation)
        default: try key.sign(input)
        }
    }
}

/// The SafetyNet service, every part of whose statement a test can spoil.
struct TestSafetyNet: Sendable {
    var credential: TestCredential
    var version: CBORValue? = "1"
    var payload: [String: JSONValue]
    var jws = TestJWS(payload: [])
    var changeResponse: @Sendable ([UInt8]) -> [UInt8] = { $0 }

    init() throws {
        credential = try TestCredential()
        payload = [
            "nonce": .string(Data(SHA256.hash(data: credential.signedBytes)).base64EncodedString()),
            "timestampMs": .number(testNow.timeIntervalSince1970 * 1000), "ctsProfileMatch": .boolean(true),
            "basicIntegrity": .boolean(true), "apkPackageName": .string("com.google.android.gms"),
        ]
    }

    func attestation() throws -> Attestation {
        var jws = jws
        jws.payload = try Array(JSONEncoder().encode(payload))
        var statement = CBORMap()
        statement["ver"] = version
        statement["response"] = .bytes(changeResponse(try jws.encoded()))
        return try credential.attestation(.androidSafetyNet, .map(statement))
    }
}

@Suite("Android SafetyNet attestation, WebAuthn Level 3 §8.5")
struct AndroidSafetyNetAttestationTests {
    @Test(
        "A response of each algorithm is accepted", arguments: ["ES256", "ES384", "ES512", "RS256", "PS256", "EdDSA"])
    func accepts(algorithm: String) async throws {
        var service = try TestSafetyNet()
        service.jws.algorithm = algorithm
        let result = try await expectTrusted(service.attestation())
        guard case .certified(.basic, let chain, distrust: nil) = result.trust else {
            Issue.record("\(result)")
            return
        }
        #expect(chain.count == 1)
    }

    struct Defect: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let expected: AttestationError
        let spoil: @Sendable (inout TestSafetyNet) throws -> Void

        init(
            _ testDescription: String, _ expected: AttestationError,
            _ spoil: @escaping @Sendable (inout TestSafetyNet) throws -> Void
        ) {
            self.testDescription = testDescription
            self.expected = expected
            self.spoil = spoil
        }
    }

    static let defects: [Defect] = [
        Defect("no version", .statementMember("ver")) { $0.version = nil },
        Defect("version is a number", .statementMember("ver")) { $0.version = 1 },
        Defect("version is empty", .defect(.safetyNetVersion)) { $0.version = "" },
        Defect("no JWS", .defect(.safetyNetResponse)) { $0.changeResponse = { _ in [1] } },
        Defect("two parts", .defect(.safetyNetResponse)) {
            $0.changeResponse = { Array($0.prefix { $0 != UInt8(ascii: ".") }) + [UInt8(ascii: ".")] }
        },
        Defect("four parts", .defect(.safetyNetResponse)) { $0.changeResponse = { $0 + Array(".".utf8) } },
        Defect("padding", .defect(.safetyNetResponse)) { $0.changeResponse = { $0 + Array("=".utf8) } },
        Defect("a critical header", .defect(.safetyNetResponse)) { $0.jws.header["crit"] = .array([.string("b64")]) },
        Defect("no certificates", .defect(.safetyNetResponse)) { $0.jws.chain = [] },
        Defect("a certificate that is none", .defect(.safetyNetResponse)) { $0.jws.chain = [[0x30, 0]] },
        Defect("no nonce", .defect(.safetyNetResponse)) { $0.payload["nonce"] = nil },
        Defect("another nonce", .defect(.safetyNetNonce)) { $0.payload["nonce"] = .string("AAAA") },
        Defect("another host", .defect(.safetyNetHost)) { $0.jws.host = "attest.android.example" },
        Defect("signature", .defect(.safetyNetSignature)) {
            $0.jws.changeSignature = { [($0.first ?? 0) ^ 1] + $0.dropFirst() }
        },
        Defect("signature in DER", .defect(.safetyNetSignature)) { $0.jws.changeSignature = { $0 + [0] } },
        Defect("algorithm none", .defect(.safetyNetSignature)) { $0.jws.algorithm = "none" },
        Defect("algorithm HS256", .defect(.safetyNetSignature)) { $0.jws.algorithm = "HS256" },
        Defect("rooted", .defect(.safetyNetIntegrity)) { $0.payload["basicIntegrity"] = .boolean(false) },
        Defect("uncertified", .defect(.safetyNetIntegrity)) { $0.payload["ctsProfileMatch"] = .boolean(false) },
        Defect("old", .defect(.safetyNetTime)) {
            $0.payload["timestampMs"] = .number(testNow.timeIntervalSince1970 * 1000 - 61_000)
        },
        Defect("in the future", .defect(.safetyNetTime)) {
            $0.payload["timestampMs"] = .number(testNow.timeIntervalSince1970 * 1000 + 61_000)
        },
    ]

    @Test("Each defect meets its own refusal", arguments: defects)
    func refuses(defect: Defect) async throws {
        var service = try TestSafetyNet()
        try defect.spoil(&service)
        try await expectRefused(service.attestation(), defect.expected)
    }
}
