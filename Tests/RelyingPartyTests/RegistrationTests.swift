import CBOR
import FoundationEssentials
import RelyingParty
import TestSupport
import Testing
import WebAuthnModel

@Suite("Registration, WebAuthn Level 3 §7.1")
struct RegistrationTests {
    @Test("A credential of each algorithm is registered", arguments: WebAuthnRelyingParty.supportedAlgorithms)
    func accepts(algorithm: COSEAlgorithm) async throws {
        let party = try makeRelyingParty()
        let authenticator = try TestAuthenticator(algorithm)
        let ceremony = party.registration()
        let response = try authenticator.register(ceremony)
        let result = try await party.verify(registration: response, for: ceremony, existing: nil, now: testNow)
        #expect(result.record.id.bytes == authenticator.credentialID)
        #expect(result.record.userHandle.bytes == testUserHandle)
        #expect(result.record.publicKey.bytes == CBOREncoder.encode(try authenticator.key.coseKey().cbor))
        #expect(result.record.transports == [.internal, .hybrid])
        #expect(result.record.aaguid.bytes == testAAGUID.bytes)
        #expect(result.record.userVerificationInitialized)
        #expect(result.record.attestationObject == response.response.attestationObject)
        #expect(result.record.attestationClientDataJSON == response.response.clientDataJSON)
        #expect(result.attestation == AttestationResult(format: .none, trust: .none, aaguid: testAAGUID))
        #expect(result.userVerified)
        #expect(result.isDiscoverable == true)
        let copy = try JSONDecoder().decode(CredentialRecord.self, from: JSONEncoder().encode(result.record))
        #expect(copy == result.record)
    }

    @Test("Reserved flag bits are not heeded, as §7.1 asks nothing of them", arguments: [UInt8(0x02), 0x20, 0x22])
    func reservedFlags(bits: UInt8) async throws {
        let party = try makeRelyingParty()
        var authenticator = try TestAuthenticator()
        authenticator.changeAuthenticatorData = { $0.prefix(32) + [$0[32] | bits] + $0.dropFirst(33) }
        let ceremony = party.registration()
        let response = try authenticator.register(ceremony)
        let result = try await party.verify(registration: response, for: ceremony, existing: nil, now: testNow)
        #expect(result.record.id.bytes == authenticator.credentialID)
    }

    /// One thing that is wrong, and the refusal it must meet.
    struct Defect: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let expected: RegistrationError
        var response: @Sendable (inout RegistrationResponse) -> Void = { _ in }
        var authenticator: @Sendable (inout TestAuthenticator) -> Void = { _ in }
    }

    static let origins = ["https://login.portal.example:8443", "https://portal.example"]

    static let allFormats = AttestationPolicy.allFormats.map(\.identifier)

    static let defects: [Defect] = [
        Defect(testDescription: "id ≠ rawId", expected: .ceremony(.idMismatch), response: { $0.id.bytes.append(0) }),
        Defect(
            testDescription: "credential type", expected: .ceremony(.credentialType("password")),
            response: { $0.type = "password" }),
        Defect(
            testDescription: "client data not UTF-8", expected: .ceremony(.clientDataNotUTF8),
            response: { $0.response.clientDataJSON.bytes[3] = 0xFF }),
        Defect(
            testDescription: "client data in UTF-16", expected: .ceremony(.clientDataNotUTF8),
            response: { $0.response.clientDataJSON.bytes = $0.response.clientDataJSON.bytes.flatMap { [$0, 0] } }),
        Defect(
            testDescription: "client data not JSON", expected: .ceremony(.clientDataMalformed("it is not JSON")),
            response: { $0.response.clientDataJSON.bytes.removeLast() }),
        Defect(
            testDescription: "client data without challenge",
            expected: .ceremony(.clientDataMalformed("member challenge is missing")),
            response: { $0.response.clientDataJSON.bytes = Array(#"{"type":"webauthn.create","origin":"x"}"#.utf8) }),
        Defect(
            testDescription: "type of the other ceremony",
            expected: .ceremony(.clientDataType(expected: "webauthn.create", got: "webauthn.get")),
            authenticator: { $0.type = "webauthn.get" }),
        Defect(
            testDescription: "another challenge", expected: .ceremony(.challengeMismatch),
            authenticator: { $0.challenge = [UInt8](repeating: 0, count: 32) }),
        Defect(
            testDescription: "origin of another port",
            expected: .ceremony(.origin(expected: origins, got: "https://portal.example:444")),
            authenticator: { $0.origin = "https://portal.example:444" }),
        Defect(
            testDescription: "origin with a mark that browsers ignore in hosts",
            expected: .ceremony(.origin(expected: origins, got: "https://portal.example\u{FE0F}")),
            authenticator: { $0.origin = "https://portal.example\u{FE0F}" }),
        Defect(
            testDescription: "origin of another scheme",
            expected: .ceremony(.origin(expected: origins, got: "http://portal.example")),
            authenticator: { $0.origin = "http://portal.example" }),
        Defect(
            testDescription: "embedded", expected: .ceremony(.crossOrigin),
            authenticator: { $0.crossOrigin = true }),
        Defect(
            testDescription: "top origin though not embedded", expected: .ceremony(.crossOrigin),
            authenticator: { $0.topOrigin = "https://elsewhere.example" }),
        Defect(
            testDescription: "attestation object not CBOR",
            expected: .attestationObject(.encoding(.truncated(at: 1))),
            response: { $0.response.attestationObject.bytes = [0xA1] }),
        Defect(
            testDescription: "attestation object not a map", expected: .attestationObject(.notAMap),
            response: { $0.response.attestationObject.bytes = [0x80] }),
        Defect(
            testDescription: "another RP ID",
            expected: .ceremony(
                .relyingPartyID(
                    expected: "portal.example",
                    hash: [UInt8](hex: "a379a6f6eeafb9a55e378c118034e2751e682fab9f2d30ab13d2125586ce1947") ?? [])),
            authenticator: { $0.relyingPartyID = "example.com" }),
        Defect(
            testDescription: "user not present", expected: .ceremony(.userNotPresent),
            authenticator: { $0.flags = [.userVerified] }),
        Defect(
            testDescription: "user not verified", expected: .ceremony(.userNotVerified),
            authenticator: { $0.flags = [.userPresent] }),
        Defect(
            testDescription: "BS without BE", expected: .ceremony(.backupStateWithoutEligibility),
            authenticator: { $0.flags.insert(.backedUp) }),
        Defect(
            testDescription: "bytes after the authenticator data",
            expected: .ceremony(.authenticatorData(.trailingBytes)),
            authenticator: { $0.changeAuthenticatorData = { $0 + [0] } }),
        Defect(
            testDescription: "authenticator data cut short", expected: .ceremony(.authenticatorData(.truncated)),
            authenticator: { $0.changeAuthenticatorData = { Array($0.prefix(36)) } }),
        Defect(
            testDescription: "no credential", expected: .credentialMissing,
            authenticator: { $0.changeAuthenticatorData = { $0.prefix(32) + [0x05] + $0[33..<37] } }),
        Defect(
            testDescription: "another credential than rawId", expected: .credentialIDMismatch,
            response: {
                $0.id.bytes[0] ^= 1
                $0.rawId.bytes[0] ^= 1
            }),
        Defect(
            testDescription: "credential ID of 1024 bytes",
            expected: .ceremony(.authenticatorData(.credentialIDTooLong)),
            authenticator: { $0.credentialID = [UInt8](repeating: 1, count: 1024) }),
        Defect(
            testDescription: "empty credential ID", expected: .credentialIDLength(0),
            authenticator: { $0.credentialID = [] }),
        Defect(
            testDescription: "key off the curve", expected: .publicKey(.invalidKey(.es256)),
            authenticator: { $0.changeAuthenticatorData = { $0.dropLast() + [($0.last ?? 0) ^ 1] } }),
        Defect(
            testDescription: "unknown format",
            expected: .attestation(
                .formatUnsupported(AttestationFormat(rawValue: "tpm2"), supported: allFormats)),
            authenticator: { $0.attest = { _ in (AttestationFormat(rawValue: "tpm2"), CBORMap()) } }),
        Defect(
            testDescription: "format in other case",
            expected: .attestation(
                .formatUnsupported(AttestationFormat(rawValue: "None"), supported: allFormats)),
            authenticator: { $0.attest = { _ in (AttestationFormat(rawValue: "None"), CBORMap()) } }),
        Defect(
            testDescription: "statement in none", expected: .attestation(.statementNotEmpty),
            authenticator: {
                $0.attest = { _ in
                    var statement = CBORMap()
                    statement["alg"] = -7
                    return (.none, statement)
                }
            }),
    ]

    @Test("Each defect meets its own refusal", arguments: defects)
    func refuses(defect: Defect) async throws {
        let party = try makeRelyingParty()
        let ceremony = party.registration()
        var authenticator = try TestAuthenticator()
        defect.authenticator(&authenticator)
        var response = try authenticator.register(ceremony)
        defect.response(&response)
        await #expect(throws: defect.expected) {
            _ = try await party.verify(registration: response, for: ceremony, existing: nil, now: testNow)
        }
        #expect("\(defect.expected)".count > 20)
    }

    @Test("Steps 20 and 26: an algorithm that was not asked for, and a credential that exists")
    func stateDependentRefusals() async throws {
        let party = try makeRelyingParty(algorithms: [.edDSA, .rs256])
        let ceremony = party.registration()
        let response = try TestAuthenticator().register(ceremony)
        await #expect(throws: RegistrationError.algorithmNotOffered(.es256, offered: [.edDSA, .rs256])) {
            _ = try await party.verify(registration: response, for: ceremony, existing: nil, now: testNow)
        }
        let other = try makeRelyingParty()
        let record = try await other.verify(
            registration: response, for: other.registration(), existing: nil, now: testNow
        ).record
        await #expect(throws: RegistrationError.credentialAlreadyRegistered) {
            _ = try await other.verify(
                registration: response, for: other.registration(), existing: record, now: testNow)
        }
    }

    @Test("A ceremony that expired, is of the other kind, or names no account is refused")
    func refusesCeremonies() async throws {
        let party = try makeRelyingParty()
        let ceremony = party.registration()
        let response = try TestAuthenticator().register(ceremony)
        await #expect(throws: RegistrationError.ceremony(.challengeExpired)) {
            _ = try await party.verify(registration: response, for: ceremony, existing: nil, now: ceremony.expires)
        }
        let authentication = party.authentication()
        await #expect(
            throws: RegistrationError.ceremony(.ceremonyKind(expected: .registration, got: .authentication))
        ) {
            _ = try await party.verify(registration: response, for: authentication, existing: nil, now: testNow)
        }
        let anonymous = Ceremony(
            kind: .registration, challenge: ceremony.challenge.bytes, expires: ceremony.expires, userHandle: nil,
            userVerification: .required, algorithms: ceremony.algorithms)
        await #expect(throws: RegistrationError.accountMissing) {
            _ = try await party.verify(registration: response, for: anonymous, existing: nil, now: testNow)
        }
    }

    @Test("Embedding is accepted only in the pages named", arguments: [true, false])
    func embedding(isNamed: Bool) async throws {
        let party = try makeRelyingParty(topOrigins: ["https://hospital.example"])
        let ceremony = party.registration()
        var authenticator = try TestAuthenticator()
        authenticator.crossOrigin = true
        authenticator.topOrigin = isNamed ? "https://hospital.example" : "https://other.example"
        let response = try authenticator.register(ceremony)
        if isNamed {
            _ = try await party.verify(registration: response, for: ceremony, existing: nil, now: testNow)
        } else {
            await #expect(
                throws: RegistrationError.ceremony(
                    .topOrigin(expected: ["https://hospital.example"], got: "https://other.example"))
            ) {
                _ = try await party.verify(registration: response, for: ceremony, existing: nil, now: testNow)
            }
        }
    }

    @Test("User verification that is only preferred may be missing")
    func preferredUserVerification() async throws {
        let party = try makeRelyingParty(userVerification: .preferred)
        let ceremony = party.registration()
        var authenticator = try TestAuthenticator()
        authenticator.flags = [.userPresent]
        let response = try authenticator.register(ceremony)
        let result = try await party.verify(registration: response, for: ceremony, existing: nil, now: testNow)
        #expect(!result.userVerified)
        #expect(!result.record.userVerificationInitialized)
    }
}
