import CBOR
import CTAP
import ClientPlatform
import Crypto
import FoundationEssentials
import TestSupport
import Testing
import WebAuthnModel

@Suite("create(), WebAuthn Level 3 §5.1.3")
struct CreateTests {
    @Test("The response holds what the authenticator made and the client knows")
    func response() async throws {
        let authenticator = ScriptedAuthenticator()
        var options = creationOptions()
        options.extensions = ["credProps": .boolean(true), "other": .boolean(true)]
        let response = try await makeClient().create(options, using: authenticator, attachment: .crossPlatform)
        let clientData = response.response.clientDataJSON.bytes
        #expect(
            String(decoding: clientData, as: UTF8.self)
                == #"{"type":"webauthn.create","challenge":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8","#
                + #""origin":"https://login.portal.example","crossOrigin":false}"#)
        #expect(response.rawId.bytes == testCredentialID)
        #expect(response.id == response.rawId)
        #expect(response.authenticatorAttachment == "cross-platform")
        #expect(response.response.transports == [.hybrid, .usb])
        #expect(response.response.publicKeyAlgorithm == .edDSA)
        #expect(response.clientExtensionResults == ["credProps": .object(["rk": .boolean(false)])])
        let request = try #require(authenticator.record.creations.first)
        #expect(request.clientDataHash == Array(SHA256.hash(data: clientData)))
        #expect(request.relyingParty == PublicKeyCredentialRelyingPartyEntity(id: "portal.example", name: "Portal"))
        #expect(request.user == options.user)
        #expect(request.pubKeyCredParams.map(\.alg) == [.es256, .edDSA])
        #expect(request.excludeList == nil)
        let object = try AttestationObject(decoding: response.response.attestationObject.bytes)
        #expect(object.authenticatorData == response.response.authenticatorData?.bytes)
        #expect(try AuthenticatorData(decoding: object.authenticatorData).attestedCredentialData?.aaguid == testAAGUID)
    }

    @Test("Default algorithms, the exclude list, and given transports")
    func defaults() async throws {
        let es256 = COSEKey.ec2(
            algorithm: .es256, curve: .p256, x: [UInt8](repeating: 1, count: 32), y: [UInt8](repeating: 2, count: 32))
        let authenticator = ScriptedAuthenticator(.init(key: es256))
        var options = creationOptions()
        options.pubKeyCredParams = []
        options.excludeCredentials = [.init(id: [1]), .init(id: [2])]
        options.excludeCredentials?[0].type = "unknown"
        let response = try await makeClient().create(
            options, using: authenticator, attachment: .platform, transports: [.internal])
        let request = try #require(authenticator.record.creations.first)
        #expect(request.pubKeyCredParams.map(\.alg) == [.es256, .rs256])
        #expect(request.excludeList == [.init(id: [2])])
        #expect(response.response.transports == [.internal])
        #expect(response.clientExtensionResults.isEmpty)
    }

    @Test(
        "User handles have 1 to 64 bytes", arguments: [(0, false), (1, true), (64, true), (65, false)])
    func userHandle(count: Int, isAccepted: Bool) async throws {
        var options = creationOptions()
        options.user.id.bytes = [UInt8](repeating: 1, count: count)
        let expected = ClientPlatformError.userHandleLength(count)
        do {
            _ = try await makeClient().create(options, using: ScriptedAuthenticator(), attachment: .platform)
            #expect(isAccepted)
        } catch {
            #expect(!isAccepted && error as? ClientPlatformError == expected)
        }
        #expect(expected.name == .type)
    }

    /// Wishes, abilities, and the `rk` that goes out or the refusal.
    static let discoverableTable: [(Requirement?, Bool?, Bool?, Result<Bool?, ClientPlatformError>)] = [
        (.required, nil, true, .success(true)), (.required, nil, false, .failure(.discoverableNotSupported)),
        (.required, nil, nil, .failure(.discoverableNotSupported)), (.preferred, nil, true, .success(true)),
        (.preferred, nil, nil, .success(nil)), (.discouraged, nil, true, .success(nil)),
        (nil, true, true, .success(true)), (nil, true, nil, .failure(.discoverableNotSupported)),
        (nil, nil, true, .success(nil)), (.discouraged, true, true, .success(nil)),
    ]

    @Test("residentKey becomes rk", arguments: discoverableTable)
    func discoverable(
        residentKey: Requirement?, required: Bool?, supported: Bool?, expected: Result<Bool?, ClientPlatformError>
    ) async throws {
        var selection = AuthenticatorSelectionCriteria(residentKey: residentKey)
        selection.requireResidentKey = required
        let authenticator = ScriptedAuthenticator(.init(options: supported.map { ["rk": $0] } ?? [:]))
        let result = await Self.result {
            _ = try await makeClient().create(
                creationOptions(selection: selection), using: authenticator, attachment: .platform)
            return try #require(authenticator.record.creations.first).options.discoverable
        }
        #expect(result == expected)
    }

    /// Wishes, abilities, and the `uv` that goes out or the refusal.
    static let verificationTable: [(Requirement?, [String: Bool], Result<Bool?, ClientPlatformError>)] = [
        (.required, ["uv": true], .success(true)), (.required, ["uv": false], .failure(.userVerificationUnavailable)),
        (.required, ["clientPin": true], .failure(.userVerificationUnavailable)),
        (.preferred, ["uv": true], .success(true)), (nil, ["uv": true], .success(true)), (nil, [:], .success(nil)),
        (.preferred, ["uv": false], .success(nil)), (.discouraged, ["uv": true], .success(true)),
        (.discouraged, ["uv": true, "makeCredUvNotRqd": true], .success(nil)),
        (.discouraged, ["uv": true, "makeCredUvNotRqd": true, "alwaysUv": true], .success(true)),
        (.discouraged, ["uv": false], .success(nil)),
    ]

    @Test("userVerification becomes uv", arguments: verificationTable)
    func verification(
        requirement: Requirement?, options: [String: Bool], expected: Result<Bool?, ClientPlatformError>
    ) async throws {
        let authenticator = ScriptedAuthenticator(.init(options: options))
        let selection = AuthenticatorSelectionCriteria(userVerification: requirement)
        let result = await Self.result {
            _ = try await makeClient().create(
                creationOptions(selection: selection), using: authenticator, attachment: .platform)
            return try #require(authenticator.record.creations.first).options.userVerification
        }
        #expect(result == expected)
        #expect(ClientPlatformError.userVerificationUnavailable.name == .constraint)
        #expect(ClientPlatformError.discoverableNotSupported.name == .constraint)
    }

    static func result(_ body: () async throws -> Bool?) async -> Result<Bool?, ClientPlatformError> {
        do {
            return .success(try await body())
        } catch {
            return .failure(error as? ClientPlatformError ?? .unexpectedAnswer("\(error)"))
        }
    }

    /// Conveyance, format, statement, AAGUID, and whether the statement survives.
    static let conveyances: [(String?, CBORMap, AAGUID, Bool)] = [
        (nil, packed(), testAAGUID, false), ("none", packed(), testAAGUID, false), ("none", packed(), .zero, true),
        ("none", packed(certificate: [1]), .zero, false), ("unknown", packed(), testAAGUID, false),
        ("indirect", packed(), testAAGUID, true), ("direct", packed(certificate: [1]), testAAGUID, true),
        ("enterprise", packed(certificate: [1]), testAAGUID, true),
    ]

    @Test("Attestation conveyance", arguments: conveyances)
    func conveyance(attestation: String?, statement: CBORMap, aaguid: AAGUID, survives: Bool) async throws {
        let authenticator = ScriptedAuthenticator(.init(statement: statement, aaguid: aaguid))
        var options = creationOptions(attestation: attestation)
        options.attestationFormats = ["packed"]
        let response = try await makeClient().create(options, using: authenticator, attachment: .platform)
        let object = try AttestationObject(decoding: response.response.attestationObject.bytes)
        #expect(object.format == (survives ? .packed : .none))
        #expect(object.statement == .map(survives ? statement : CBORMap()))
        #expect(try AuthenticatorData(decoding: object.authenticatorData).attestedCredentialData?.aaguid == aaguid)
        let isWanted = ["indirect", "direct", "enterprise"].contains(attestation)
        #expect(authenticator.record.creations.first?.attestationFormatsPreference == (isWanted ? ["packed"] : nil))
    }

    @Test("An authenticator of the other attachment is not eligible", arguments: AuthenticatorAttachment.allCases)
    func attachment(attachment: AuthenticatorAttachment) async throws {
        let selection = AuthenticatorSelectionCriteria(authenticatorAttachment: "platform")
        let result = await Self.result {
            _ = try await makeClient().create(
                creationOptions(selection: selection), using: ScriptedAuthenticator(), attachment: attachment)
            return nil
        }
        #expect(result == (attachment == .platform ? .success(nil) : .failure(.attachment(wanted: "platform"))))
    }

    @Test("Parameters of unknown type only are a NotSupportedError")
    func unknownType() async throws {
        var options = creationOptions()
        options.pubKeyCredParams[0].type = "x"
        options.pubKeyCredParams[1].type = "y"
        await #expect(throws: ClientPlatformError.noCredentialType) {
            _ = try await makeClient().create(options, using: ScriptedAuthenticator(), attachment: .platform)
        }
        #expect(ClientPlatformError.noCredentialType.name == .notSupported)
    }

    static let answerTable: [(ScriptedAuthenticator.Script, String)] = [
        (.init(changeAuthenticatorData: { _ in [1] }), "the authenticator data is shorter than its flags announce"),
        (.init(hasCredential: false), "it holds no credential"),
        (.init(relyingPartyID: "evil.example"), "it is about another RP ID"),
        (
            .init(key: .rsa(algorithm: .rs256, modulus: [1], exponent: [3])),
            "its key is for RS256, which was not asked for"
        ),
    ]

    @Test("An answer that does not belong to the request is refused", arguments: answerTable)
    func answers(script: ScriptedAuthenticator.Script, reason: String) async throws {
        await #expect(throws: ClientPlatformError.unexpectedAnswer(reason)) {
            _ = try await makeClient().create(
                creationOptions(), using: ScriptedAuthenticator(script), attachment: .platform)
        }
    }

    static let keys: [(COSEKey, String?)] = [
        (
            .ec2(
                algorithm: .es256, curve: .p256, x: [UInt8](repeating: 1, count: 32),
                y: [UInt8](repeating: 2, count: 32)),
            "3059301306072a8648ce3d020106082a8648ce3d03010703420004"
                + String(repeating: "01", count: 32) + String(repeating: "02", count: 32)
        ),
        (testKey, "302a300506032b6570032100" + String(repeating: "09", count: 32)),
        (
            .rsa(algorithm: .rs256, modulus: [UInt8](repeating: 0xFF, count: 256), exponent: [1, 0, 1]),
            "30820122300d06092a864886f70d01010105000382010f003082010a0282010100"
                + String(repeating: "ff", count: 256) + "0203010001"
        ),
        (
            .ec2(
                algorithm: .es384, curve: .p384, x: [UInt8](repeating: 1, count: 48),
                y: [UInt8](repeating: 2, count: 48)), nil
        ),
    ]

    @Test("The public key is repeated as SubjectPublicKeyInfo", arguments: keys)
    func publicKey(key: COSEKey, expected: String?) async throws {
        var options = creationOptions()
        options.pubKeyCredParams = [.init(key.algorithm)]
        let response = try await makeClient().create(
            options, using: ScriptedAuthenticator(.init(key: key)), attachment: .platform)
        #expect(response.response.publicKey?.bytes.hex == expected)
        #expect(response.response.publicKeyAlgorithm == key.algorithm)
    }
}
