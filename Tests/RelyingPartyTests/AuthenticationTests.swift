import Crypto
import FoundationEssentials
import RelyingParty
import TestSupport
import Testing
import WebAuthnModel

@Suite("Authentication, WebAuthn Level 3 §7.2")
struct AuthenticationTests {
    let party: WebAuthnRelyingParty

    init() throws { party = try makeRelyingParty() }

    func record(_ authenticator: TestAuthenticator) async throws -> CredentialRecord {
        let ceremony = party.registration()
        return try await party.verify(
            registration: authenticator.register(ceremony), for: ceremony, existing: nil, now: testNow
        ).record
    }

    @Test("A registered credential of each algorithm logs in", arguments: WebAuthnRelyingParty.supportedAlgorithms)
    func accepts(algorithm: COSEAlgorithm) async throws {
        var authenticator = try TestAuthenticator(algorithm)
        let record = try await record(authenticator)
        authenticator.counter = 5
        let ceremony = party.authentication()
        let response = try authenticator.authenticate(ceremony)
        let result = try party.verify(authentication: response, for: ceremony, record: record, now: testNow)
        #expect(result.userVerified)
        #expect(result.record.signatureCounter == 5)
        var expected = record
        expected.signatureCounter = 5
        #expect(result.record == expected)
    }

    @Test(
        "An identified account logs in with one of its credentials, with or without user handle",
        arguments: [true, false])
    func identified(hasUserHandle: Bool) async throws {
        var authenticator = try TestAuthenticator()
        let record = try await record(authenticator)
        authenticator.userHandle = hasUserHandle ? testUserHandle : nil
        let ceremony = party.authentication(for: testUserHandle, allowing: [record])
        let response = try authenticator.authenticate(ceremony)
        _ = try party.verify(authentication: response, for: ceremony, record: record, now: testNow)
    }

    struct Defect: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let expected: AuthenticationError
        var response: @Sendable (inout AuthenticationResponse) -> Void = { _ in }
        var authenticator: @Sendable (inout TestAuthenticator) -> Void = { _ in }
        var record: @Sendable (inout CredentialRecord?) -> Void = { _ in }
    }

    static let defects: [Defect] = [
        Defect(testDescription: "id ≠ rawId", expected: .ceremony(.idMismatch), response: { $0.id.bytes.append(0) }),
        Defect(
            testDescription: "credential type", expected: .ceremony(.credentialType("x")),
            response: { $0.type = "x" }),
        Defect(testDescription: "no record", expected: .credentialUnknown, record: { $0 = nil }),
        Defect(
            testDescription: "record of another credential", expected: .credentialUnknown,
            record: { $0?.id.bytes.append(0) }),
        Defect(
            testDescription: "no user handle", expected: .userHandleMissing, authenticator: { $0.userHandle = nil }),
        Defect(
            testDescription: "another user handle", expected: .userHandleMismatch,
            authenticator: { $0.userHandle = [9] }),
        Defect(
            testDescription: "type of the other ceremony",
            expected: .ceremony(.clientDataType(expected: "webauthn.get", got: "webauthn.create")),
            authenticator: { $0.type = "webauthn.create" }),
        Defect(
            testDescription: "another challenge", expected: .ceremony(.challengeMismatch),
            authenticator: { $0.challenge = [1] }),
        Defect(
            testDescription: "another origin",
            expected: .ceremony(.origin(expected: RegistrationTests.origins, got: "https://portal.example.evil")),
            authenticator: { $0.origin = "https://portal.example.evil" }),
        Defect(
            testDescription: "embedded", expected: .ceremony(.crossOrigin), authenticator: { $0.crossOrigin = true }),
        Defect(
            testDescription: "authenticator data cut short", expected: .ceremony(.authenticatorData(.truncated)),
            authenticator: { $0.changeAuthenticatorData = { $0.dropLast() } }),
        Defect(
            testDescription: "user not present", expected: .ceremony(.userNotPresent),
            authenticator: { $0.flags = [.userVerified] }),
        Defect(
            testDescription: "user not verified", expected: .ceremony(.userNotVerified),
            authenticator: { $0.flags = [.userPresent] }),
        Defect(
            testDescription: "stored key is not CBOR",
            expected: .recordUnusable("the CBOR ends at byte 0, inside an item"),
            record: { $0?.publicKey.bytes = [] }),
        Defect(
            testDescription: "signature not DER", expected: .signature(.malformedSignature(.es256)),
            response: { $0.response.signature.bytes = [UInt8](repeating: 1, count: 64) }),
        Defect(
            testDescription: "byte after the signature", expected: .signature(.malformedSignature(.es256)),
            response: { $0.response.signature.bytes.append(0) }),
        Defect(
            testDescription: "empty signature", expected: .signature(.malformedSignature(.es256)),
            response: { $0.response.signature.bytes = [] }),
        Defect(
            testDescription: "changed counter", expected: .signature(.invalidSignature),
            response: { $0.response.authenticatorData.bytes[36] ^= 1 }),
        Defect(
            testDescription: "client data with other white space", expected: .signature(.invalidSignature),
            response: { $0.response.clientDataJSON.bytes.append(0x20) }),
        Defect(
            testDescription: "another key", expected: .signature(.invalidSignature),
            authenticator: { $0.key = .es256(.init()) }),
    ]

    @Test("Each defect meets its own refusal", arguments: defects)
    func refuses(defect: Defect) async throws {
        var authenticator = try TestAuthenticator()
        var record: CredentialRecord? = try await record(authenticator)
        let ceremony = party.authentication()
        defect.authenticator(&authenticator)
        defect.record(&record)
        var response = try authenticator.authenticate(ceremony)
        defect.response(&response)
        #expect(throws: defect.expected) {
            _ = try party.verify(authentication: response, for: ceremony, record: record, now: testNow)
        }
        #expect("\(defect.expected)".count > 20)
    }

    @Test("Every bit of authenticator data and client data is covered by a check or the signature")
    func everyBit() async throws {
        let authenticator = try TestAuthenticator()
        let record = try await record(authenticator)
        let ceremony = party.authentication()
        let good = try authenticator.authenticate(ceremony)
        for index in good.response.authenticatorData.bytes.indices {
            for bit in 0..<8 {
                var response = good
                response.response.authenticatorData.bytes[index] ^= 1 << bit
                #expect(throws: AuthenticationError.self) {
                    _ = try party.verify(authentication: response, for: ceremony, record: record, now: testNow)
                }
            }
        }
        for index in good.response.clientDataJSON.bytes.indices {
            var response = good
            response.response.clientDataJSON.bytes[index] ^= 1
            #expect(throws: AuthenticationError.self) {
                _ = try party.verify(authentication: response, for: ceremony, record: record, now: testNow)
            }
        }
    }

    @Test("An allow list and an identified account bind the credential")
    func bindings() async throws {
        let authenticator = try TestAuthenticator()
        let record = try await record(authenticator)
        var other = record
        other.id.bytes[0] ^= 1
        let restricted = party.authentication(allowing: [other])
        #expect(throws: AuthenticationError.credentialNotAllowed) {
            _ = try party.verify(
                authentication: authenticator.authenticate(restricted), for: restricted, record: record, now: testNow)
        }
        let foreign = party.authentication(for: [7, 7])
        #expect(throws: AuthenticationError.credentialOfOtherAccount) {
            _ = try party.verify(
                authentication: authenticator.authenticate(foreign), for: foreign, record: record, now: testNow)
        }
    }

    @Test("A ceremony that expired or is of the other kind is refused")
    func refusesCeremonies() async throws {
        let authenticator = try TestAuthenticator()
        let record = try await record(authenticator)
        let ceremony = party.authentication()
        let response = try authenticator.authenticate(ceremony)
        #expect(throws: AuthenticationError.ceremony(.challengeExpired)) {
            _ = try party.verify(
                authentication: response, for: ceremony, record: record, now: testNow.addingTimeInterval(300))
        }
        #expect(
            throws: AuthenticationError.ceremony(.ceremonyKind(expected: .authentication, got: .registration))
        ) {
            _ = try party.verify(
                authentication: response, for: party.registration(), record: record, now: testNow)
        }
    }

    @Test("Step 22: the counter", arguments: [UInt32(0), 1, 7, .max], [UInt32(0), 1, 7, .max])
    func counter(stored: UInt32, received: UInt32) async throws {
        var authenticator = try TestAuthenticator()
        var record = try await record(authenticator)
        record.signatureCounter = stored
        authenticator.counter = received
        let ceremony = party.authentication()
        let response = try authenticator.authenticate(ceremony)
        if received > stored || (stored == 0 && received == 0) {
            let result = try party.verify(authentication: response, for: ceremony, record: record, now: testNow)
            #expect(result.record.signatureCounter == received)
        } else {
            #expect(throws: AuthenticationError.counterWentBackwards(stored: stored, received: received)) {
                _ = try party.verify(authentication: response, for: ceremony, record: record, now: testNow)
            }
        }
    }

    static let backupFlags: [AuthenticatorData.Flags] = [
        [], [.backupEligible], [.backedUp], [.backupEligible, .backedUp],
    ]

    @Test("Steps 18 and 19: backup eligibility and state", arguments: backupFlags, backupFlags)
    func backup(registered: AuthenticatorData.Flags, received: AuthenticatorData.Flags) async throws {
        var authenticator = try TestAuthenticator()
        var record = try await record(authenticator)
        record.backupEligible = registered.contains(.backupEligible)
        record.backupState = registered.contains(.backedUp)
        authenticator.flags.formUnion(received)
        let ceremony = party.authentication()
        let response = try authenticator.authenticate(ceremony)
        let isEligible = received.contains(.backupEligible)
        let expected: AuthenticationError? =
            if received == [.backedUp] {
                .ceremony(.backupStateWithoutEligibility)
            } else if isEligible != record.backupEligible {
                .backupEligibilityChanged(registered: record.backupEligible, received: isEligible)
            } else {
                nil
            }
        if let expected {
            #expect(throws: expected) {
                _ = try party.verify(authentication: response, for: ceremony, record: record, now: testNow)
            }
        } else {
            let result = try party.verify(authentication: response, for: ceremony, record: record, now: testNow)
            #expect(result.record.backupState == received.contains(.backedUp))
            #expect(result.record.backupEligible == record.backupEligible)
        }
    }
}
