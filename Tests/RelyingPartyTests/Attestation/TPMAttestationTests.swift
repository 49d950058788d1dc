import CBOR
import Crypto
import FoundationEssentials
import RelyingParty
import SwiftASN1
import Testing
import WebAuthnModel
import X509

/// A TPM, every part of whose statement a test can spoil.
struct TestTPM: Sendable {
    var credential: TestCredential
    var algorithm = COSEAlgorithm.es256
    var version: CBORValue? = "2.0"
    var publicArea: [UInt8]
    var magic = 0xFF54_4347
    var type = 0x8017
    var extraData: [UInt8]?
    var name: [UInt8]?
    var changeCertification: @Sendable ([UInt8]) -> [UInt8] = { $0 }
    var changeSignature: @Sendable ([UInt8]) -> [UInt8] = { $0 }
    var subject = DistinguishedName()
    var certificateVersion = Certificate.Version.v3
    var manufacturer: String? = "id:00000001"
    var model: String? = "Model"
    var firmware: String? = "id:1"
    var usages: [ExtendedKeyUsage.Usage]? = [.init(oid: [2, 23, 133, 8, 3])]
    var basicConstraints: BasicConstraints? = .notCertificateAuthority
    var aaguid: [UInt8]? = [4, 16] + testAAGUID.bytes

    init(credentialAlgorithm: COSEAlgorithm = .es256, algorithm: COSEAlgorithm = .es256) throws {
        credential = try TestCredential(credentialAlgorithm)
        self.algorithm = algorithm
        publicArea = Self.publicArea(of: try credential.key.coseKey())
    }

    static func publicArea(of key: COSEKey, curve: Int? = nil, exponent: Int = 0) -> [UInt8] {
        let null: [UInt8] = [0x00, 0x10]
        // nameAlg SHA-256, attributes, no policy.
        let common: [UInt8] = [0x00, 0x0B, 0x00, 0x06, 0x04, 0x72, 0x00, 0x00]
        switch key {
        case .rsa(_, let modulus, _):
            return [0x00, 0x01] + common + null + null + [0x08, 0x00] + bigEndian(exponent, 4) + sized(modulus)
        case .ec2(_, let keyCurve, let x, let y):
            let number = curve ?? [.p256: 3, .p384: 4, .p521: 5][keyCurve] ?? 0
            // The scheme is ECDSA with SHA-256.
            return [0x00, 0x23] + common + null + [0x00, 0x18, 0x00, 0x0B] + bigEndian(number, 2) + null + sized(x)
                + sized(y)
        default:
            return []
        }
    }

    func attestation() throws -> Attestation {
        let data = credential.signedBytes
        let hash: [UInt8] =
            switch algorithm {
            case .rs1: Array(Insecure.SHA1.hash(data: data))
            case .es384: Array(SHA384.hash(data: data))
            case .es512: Array(SHA512.hash(data: data))
            default: Array(SHA256.hash(data: data))
            }
        let name = name ?? [0x00, 0x0B] + SHA256.hash(data: publicArea)
        let certification = changeCertification(
            bigEndian(magic, 4) + bigEndian(type, 2) + sized([1, 2]) + sized(extraData ?? hash)
                + [UInt8](repeating: 7, count: 25) + sized(name) + sized([3]))
        let key = try TestKey.make(algorithm)
        var statement = CBORMap()
        statement["ver"] = version
        statement["alg"] = CBORValue(algorithm.rawValue)
        statement["sig"] = .bytes(changeSignature(try key.sign(certification)))
        statement["x5c"] = [.bytes(try certificate(for: key).der)]
        statement["certInfo"] = .bytes(certification)
        statement["pubArea"] = .bytes(publicArea)
        return try credential.attestation(.tpm, .map(statement))
    }

    private func certificate(for key: TestKey) throws -> Certificate {
        var extensions: [Certificate.Extension] = []
        let names: [(ASN1ObjectIdentifier, String?)] = [
            ([2, 23, 133, 2, 1], manufacturer), ([2, 23, 133, 2, 2], model), ([2, 23, 133, 2, 3], firmware),
        ]
        let attributes = names.compactMap { type, text in
            text.map { RelativeDistinguishedName([.init(type: type, utf8String: $0)]) }
        }
        if !attributes.isEmpty {
            let names = SubjectAlternativeNames([.directoryName(DistinguishedName(attributes))])
            extensions.append(try .init(names, critical: true))
        }
        if let usages { extensions.append(try .init(try ExtendedKeyUsage(usages), critical: false)) }
        if let basicConstraints { extensions.append(try .init(basicConstraints, critical: true)) }
        if let aaguid {
            extensions.append(.init(oid: [1, 3, 6, 1, 4, 1, 45724, 1, 1, 4], critical: false, value: aaguid[...]))
        }
        return try testAuthority.get().issue(
            subject: subject, key: #require(key.certificateKey),
            extensions: certificateVersion == .v3 ? extensions : [], version: certificateVersion)
    }
}

@Suite("TPM attestation, WebAuthn Level 3 §8.3")
struct TPMAttestationTests {
    @Test(
        "A TPM attests keys of each kind with signatures of each kind",
        arguments: [COSEAlgorithm.es256, .es384, .es512, .rs256], [COSEAlgorithm.es256, .es384, .es512, .rs256, .rs1])
    func accepts(credential: COSEAlgorithm, algorithm: COSEAlgorithm) async throws {
        let tpm = try TestTPM(credentialAlgorithm: credential, algorithm: algorithm)
        let result = try await expectTrusted(tpm.attestation())
        guard case .certified(.attestationAuthority, let chain, distrust: nil) = result.trust else {
            Issue.record("\(result)")
            return
        }
        #expect(chain.count == 1)
    }

    @Test("An exponent that is written out is the same as the default")
    func writtenExponent() async throws {
        var tpm = try TestTPM(credentialAlgorithm: .rs256)
        tpm.publicArea = TestTPM.publicArea(of: try tpm.credential.key.coseKey(), exponent: 65_537)
        try await expectTrusted(tpm.attestation())
    }

    struct Defect: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let expected: AttestationError
        let spoil: @Sendable (inout TestTPM) throws -> Void

        init(
            _ testDescription: String, _ expected: AttestationError,
            _ spoil: @escaping @Sendable (inout TestTPM) throws -> Void
        ) {
            self.testDescription = testDescription
            self.expected = expected
            self.spoil = spoil
        }
    }

    static let defects: [Defect] = [
        Defect("no version", .statementMember("ver")) { $0.version = nil },
        Defect("version 1.2", .defect(.tpmVersion)) { $0.version = "1.2" },
        Defect("pubArea is empty", .defect(.tpmPublicAreaMalformed)) { $0.publicArea = [] },
        Defect("pubArea is cut off", .defect(.tpmPublicAreaMalformed)) { $0.publicArea.removeLast() },
        Defect("pubArea goes on", .defect(.tpmPublicAreaMalformed)) { $0.publicArea.append(0) },
        Defect("pubArea is of a keyed hash", .defect(.tpmPublicAreaMalformed)) { $0.publicArea[1] = 0x08 },
        Defect("nameAlg is unknown", .defect(.tpmPublicAreaMalformed)) { $0.publicArea[3] = 0x55 },
        Defect("pubArea is on an unknown curve", .defect(.tpmPublicAreaMalformed)) {
            $0.publicArea = TestTPM.publicArea(of: try $0.credential.key.coseKey(), curve: 0x20)
        },
        Defect("pubArea is on another curve", .defect(.tpmPublicAreaKey)) {
            $0.publicArea = TestTPM.publicArea(of: try $0.credential.key.coseKey(), curve: 4)
        },
        Defect("pubArea is another point", .defect(.tpmPublicAreaKey)) {
            $0.publicArea[$0.publicArea.count - 1] ^= 1
        },
        Defect("pubArea is of RSA", .defect(.tpmPublicAreaKey)) {
            $0.publicArea = TestTPM.publicArea(of: try TestKey.make(.rs256).coseKey())
        },
        Defect("certInfo is cut off", .defect(.tpmCertificationMalformed)) {
            $0.changeCertification = { Array($0.dropLast()) }
        },
        Defect("certInfo goes on", .defect(.tpmCertificationMalformed)) { $0.changeCertification = { $0 + [0] } },
        Defect("magic", .defect(.tpmMagic)) { $0.magic = 0xFF54_4346 },
        Defect("type is a quote", .defect(.tpmType)) { $0.type = 0x8018 },
        Defect("extraData is another hash", .defect(.tpmExtraData)) { $0.extraData = [UInt8](repeating: 1, count: 32) },
        Defect("extraData is of SHA-1", .defect(.tpmExtraData)) {
            $0.extraData = Array(Insecure.SHA1.hash(data: $0.credential.signedBytes))
        },
        Defect("name is another hash", .defect(.tpmName)) {
            $0.name = [0x00, 0x0B] + [UInt8](repeating: 1, count: 32)
        },
        Defect("name has another algorithm", .defect(.tpmName)) {
            $0.name = [0x00, 0x04] + SHA256.hash(data: $0.publicArea)
        },
        Defect("signature", .signature(.invalidSignature)) {
            $0.changeSignature = { $0.dropLast() + [($0.last ?? 0) ^ 1] }
        },
        Defect("algorithm without hash", .signature(.algorithm(.edDSA))) { $0.algorithm = .edDSA },
        Defect("certificate of version 1", .certificateVersion) { $0.certificateVersion = .v1 },
        Defect("certificate with a subject", .defect(.tpmCertificateSubject)) {
            $0.subject = try DistinguishedName { CommonName("TPM") }
        },
        Defect("no manufacturer", .defect(.tpmCertificateAlternativeName)) { $0.manufacturer = nil },
        Defect("manufacturer is no identifier", .defect(.tpmCertificateAlternativeName)) { $0.manufacturer = "Maker" },
        // Eleven bytes, and each character a hexadecimal digit to Swift.
        Defect("full-width digits", .defect(.tpmCertificateAlternativeName)) {
            $0.manufacturer = "id:00\u{FF11}\u{FF21}"
        },
        Defect("no model", .defect(.tpmCertificateAlternativeName)) { $0.model = nil },
        Defect("no firmware version", .defect(.tpmCertificateAlternativeName)) { $0.firmware = "" },
        Defect("no alternative name", .defect(.tpmCertificateAlternativeName)) {
            ($0.manufacturer, $0.model, $0.firmware) = (nil, nil, nil)
        },
        Defect("no usage", .defect(.tpmCertificateUsage)) { $0.usages = nil },
        Defect("another usage", .defect(.tpmCertificateUsage)) { $0.usages = [.serverAuth] },
        Defect("no basic constraints", .certificateIsAuthority) { $0.basicConstraints = nil },
        Defect("an authority", .certificateIsAuthority) {
            $0.basicConstraints = .isCertificateAuthority(maxPathLength: nil)
        },
        Defect("another model", .certificateAAGUID(certificate: .zero, authenticatorData: testAAGUID)) {
            $0.aaguid = [4, 16] + AAGUID.zero.bytes
        },
    ]

    @Test("Each defect meets its own refusal", arguments: defects)
    func refuses(defect: Defect) async throws {
        var tpm = try TestTPM()
        try defect.spoil(&tpm)
        try await expectRefused(tpm.attestation(), defect.expected)
    }

    @Test("A statement without certificates, or with a member more, is refused", arguments: ["x5c", "ecdaaKeyId"])
    func members(name: String) async throws {
        let attestation = try TestTPM().attestation()
        var map = try #require(attestation.object.statement.map)
        map[.text(name)] = name == "x5c" ? nil : .bytes([1])
        let changed = try TestCredential().attestation(.tpm, .map(map))
        try await expectRefused(changed, .statementMember(name))
    }
}
