import CBOR
import Crypto
import FoundationEssentials
import RelyingParty
import SwiftASN1
import Testing
import WebAuthnModel
import X509

/// An Android key store, every part of whose statement a test can spoil.
struct TestAndroidKey: Sendable {
    var credential: TestCredential
    /// Purposes, origin, and whether the key is for all applications.
    typealias List = (purposes: [UInt8], origin: UInt8?, allApplications: Bool)
    var software: List = ([], nil, false)
    var tee: List = ([2], 0, false)
    var challenge: [UInt8]
    var certifiedKey: TestKey
    var changeDescription: @Sendable ([UInt8]) -> [UInt8]? = { $0 }
    var changeSignature: @Sendable ([UInt8]) -> [UInt8] = { $0 }

    init() throws {
        credential = try TestCredential()
        challenge = credential.clientDataHash
        certifiedKey = credential.key
    }

    private static func encode(_ list: List) -> [UInt8] {
        var parts: [UInt8] = []
        if !list.purposes.isEmpty {
            parts += der([0xA1], der([0x31], list.purposes.flatMap { [0x02, 0x01, $0] }))
        }
        // A member that is not looked at: [3] keySize.
        parts += der([0xA3], [0x02, 0x02, 0x01, 0x00])
        if list.allApplications { parts += der([0xBF, 0x84, 0x58], [0x05, 0x00]) }
        if let origin = list.origin { parts += der([0xBF, 0x85, 0x3E], [0x02, 0x01, origin]) }
        return der([0x30], parts)
    }

    func attestation(_ key: TestKey? = nil) throws -> Attestation {
        let description = der(
            [0x30], [0x02, 0x01, 0x03], [0x0A, 0x01, 0x01], [0x02, 0x01, 0x04], [0x0A, 0x01, 0x01],
            der([0x04], challenge), [0x04, 0x00], Self.encode(software), Self.encode(tee))
        var extensions: [Certificate.Extension] = []
        if let changed = changeDescription(description) {
            extensions.append(.init(oid: [1, 3, 6, 1, 4, 1, 11129, 2, 1, 17], critical: false, value: changed[...]))
        }
        let certificate = try testAuthority.get().issue(
            key: #require(certifiedKey.certificateKey), extensions: extensions)
        var statement = CBORMap()
        statement["alg"] = CBORValue(try certifiedKey.coseKey().algorithm.rawValue)
        statement["sig"] = .bytes(changeSignature(try certifiedKey.sign(credential.signedBytes)))
        statement["x5c"] = [.bytes(try certificate.der)]
        return try credential.attestation(.androidKey, .map(statement))
    }
}

@Suite("Android key attestation, WebAuthn Level 3 §8.4")
struct AndroidKeyAttestationTests {
    @Test("A key of the trusted environment is accepted")
    func accepts() async throws {
        let result = try await expectTrusted(TestAndroidKey().attestation())
        guard case .certified(.basic, _, distrust: nil) = result.trust else {
            Issue.record("\(result)")
            return
        }
    }

    @Test("What software enforces counts, unless the trusted environment is required")
    func software() async throws {
        var key = try TestAndroidKey()
        key.software = ([2], 0, false)
        key.tee = ([], nil, false)
        try await expectTrusted(key.attestation())
        let strict = AttestationPolicy(formats: [AndroidKeyAttestationFormat(requiresTrustedEnvironment: true)])
        await #expect(throws: AttestationError.defect(.androidKeyOrigin)) {
            _ = try await strict.assess(key.attestation())
        }
        key.tee.origin = 0
        await #expect(throws: AttestationError.defect(.androidKeyPurpose)) {
            _ = try await strict.assess(key.attestation())
        }
        key.tee.purposes = [2]
        #expect(try await strict.assess(key.attestation()).format == .androidKey)
    }

    struct Defect: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let expected: AttestationError
        let spoil: @Sendable (inout TestAndroidKey) throws -> Void

        init(
            _ testDescription: String, _ expected: AttestationError,
            _ spoil: @escaping @Sendable (inout TestAndroidKey) throws -> Void
        ) {
            self.testDescription = testDescription
            self.expected = expected
            self.spoil = spoil
        }
    }

    static let defects: [Defect] = [
        Defect("signature", .signature(.invalidSignature)) {
            $0.changeSignature = { $0.dropLast() + [($0.last ?? 0) ^ 1] }
        },
        Defect("another key", .defect(.androidKeyMismatch)) { $0.certifiedKey = try .make(.es384) },
        Defect("no description", .defect(.androidKeyDescription)) { $0.changeDescription = { _ in nil } },
        Defect("description is cut off", .defect(.androidKeyDescription)) {
            $0.changeDescription = { Array($0.dropLast()) }
        },
        Defect("description goes on", .defect(.androidKeyDescription)) {
            $0.changeDescription = { $0 + [0x05, 0x00] }
        },
        Defect("description is no sequence", .defect(.androidKeyDescription)) {
            $0.changeDescription = { [0x31] + $0.dropFirst() }
        },
        Defect("challenge", .defect(.androidKeyChallenge)) { $0.challenge[0] ^= 1 },
        Defect("all applications, software", .defect(.androidKeyAllApplications)) {
            $0.software.allApplications = true
        },
        Defect("all applications, hardware", .defect(.androidKeyAllApplications)) { $0.tee.allApplications = true },
        Defect("no origin", .defect(.androidKeyOrigin)) { $0.tee.origin = nil },
        Defect("imported", .defect(.androidKeyOrigin)) { $0.tee.origin = 2 },
        Defect("imported, as software says", .defect(.androidKeyOrigin)) { $0.software.origin = 2 },
        Defect("no purpose", .defect(.androidKeyPurpose)) { $0.tee.purposes = [] },
        Defect("also for decryption", .defect(.androidKeyPurpose)) { $0.tee.purposes = [1, 2] },
    ]

    @Test("Each defect meets its own refusal", arguments: defects)
    func refuses(defect: Defect) async throws {
        var key = try TestAndroidKey()
        try defect.spoil(&key)
        try await expectRefused(key.attestation(), defect.expected)
    }

    @Test("A statement that lacks a member or has one more is refused", arguments: ["alg", "sig", "x5c", "ver"])
    func members(name: String) async throws {
        var map = try #require(try TestAndroidKey().attestation().object.statement.map)
        map[.text(name)] = name == "ver" ? "1" : nil
        try await expectRefused(try TestCredential().attestation(.androidKey, .map(map)), .statementMember(name))
    }
}
