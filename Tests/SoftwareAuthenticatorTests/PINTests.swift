import CBOR
import CTAP
import Foundation
import SoftwareAuthenticator
import TestSupport
import Testing
import WebAuthnModel

@Suite("PIN and tokens (§6.5)", .timeLimit(.minutes(2)))
struct PINTests {
    static func platform(
        _ flavour: Flavour = .securityKey, _ version: PINUVAuthProtocol = .two, profile: Profile = .ctap23,
        gate: any BiometricGate = ApprovingGate(), hasPIN: Bool = true
    ) async throws -> PINPlatform {
        let platform = PINPlatform(bench: Bench(flavour, gate: gate, profile: profile), version: version)
        if hasPIN { try await platform.setUsualPIN() }
        return platform
    }

    static let pins: [([UInt8], CTAPStatus)] = [
        (PINPlatform.padded(Array("123".utf8)), .pinPolicyViolation),
        (PINPlatform.padded(Array("éàü".utf8)), .pinPolicyViolation),
        (PINPlatform.padded(Array("éàüö".utf8)), .success),
        (PINPlatform.padded([UInt8](repeating: 0x31, count: 63)), .success),
        ([UInt8](repeating: 0x31, count: 64), .pinPolicyViolation),
        ([UInt8](repeating: 0, count: 64), .pinPolicyViolation),
        (PINPlatform.padded([0xFF, 0xFE, 0x31, 0x31]), .pinPolicyViolation),
        (PINPlatform.padded(Array("1234".utf8), to: 48), .invalidParameter),
        (PINPlatform.padded(Array("1234".utf8), to: 80), .invalidParameter),
    ]

    @Test("§6.5.5.5 setPIN: lengths in code points and bytes", arguments: pins, PINUVAuthProtocol.allCases)
    func setting(_ row: ([UInt8], CTAPStatus), version: PINUVAuthProtocol) async throws {
        let platform = try await Self.platform(.securityKey, version, hasPIN: false)
        #expect(await platform.bench.respond(try await platform.setPIN(row.0).request) == CTAPResponse(row.1))
        #expect(try await platform.bench.client.getInfo().options["clientPin"] == (row.1 == .success))
    }

    @Test("§6.5.5.5 setPIN: a member that is missing, a code that is wrong, a PIN that is set")
    func settingRefused() async throws {
        let platform = try await Self.platform(hasPIN: false)
        let plaintext = PINPlatform.padded(Array("1234".utf8))
        for remove in [
            { $0.pinUVAuthProtocol = nil }, { $0.keyAgreement = nil }, { $0.pinUVAuthParam = nil },
            { $0.newPINEncrypted = nil },
        ] as [(inout ClientPINRequest) -> Void] {
            var request = try await platform.setPIN(plaintext)
            remove(&request)
            #expect(await platform.bench.status(request.request) == .missingParameter)
        }
        var request = try await platform.setPIN(plaintext)
        request.pinUVAuthParam?[0] ^= 1
        #expect(await platform.bench.status(request.request) == .pinAuthInvalid)
        request = try await platform.setPIN(plaintext)
        request.pinUVAuthProtocol = 3
        #expect(await platform.bench.status(request.request) == .invalidParameter)
        request = try await platform.setPIN(plaintext)
        request.keyAgreement?[-2] = .bytes([UInt8](repeating: 1, count: 32))
        #expect(await platform.bench.status(request.request) == .invalidParameter)
        try await platform.setUsualPIN()
        #expect(await platform.bench.status(try await platform.setPIN(plaintext).request) == .pinAuthInvalid)
        let old = try await Self.platform(profile: .compat20)
        #expect(await old.bench.status(try await old.setPIN(plaintext).request) == .notAllowed)
    }

    @Test(
        "§6.5.5.6, §6.5.5.7: retries, the latch after three, the block after eight",
        arguments: PINUVAuthProtocol.allCases)
    func retries(version: PINUVAuthProtocol) async throws {
        let platform = try await Self.platform(.securityKey, version)
        func retries() async throws -> [UInt64?] {
            let request = ClientPINRequest(.getPINRetries).request
            let response = try ClientPINResponse(data: await platform.bench.respond(request).data)
            return [response.pinRetries, response.powerCycleState.map { $0 ? 1 : 0 }]
        }
        #expect(try await retries() == [8, nil])
        for expected in [CTAPStatus.pinInvalid, .pinInvalid, .pinAuthBlocked, .pinAuthBlocked] {
            #expect(try await platform.tokenStatus("0000", nil) == expected)
        }
        // The latch looks at no PIN, and takes no retry.
        #expect(try await retries() == [5, 1])
        #expect(try await platform.tokenStatus("1234", nil) == .pinAuthBlocked)
        #expect(await platform.bench.status(try await platform.changePIN("1234", "5678").request) == .pinAuthBlocked)
        await platform.bench.authenticator.powerCycle()
        #expect(try await retries() == [5, nil])
        for expected in [CTAPStatus.pinInvalid, .pinInvalid, .pinAuthBlocked] {
            #expect(await platform.bench.status(try await platform.changePIN("0000", "5678").request) == expected)
        }
        await platform.bench.authenticator.powerCycle()
        for expected in [CTAPStatus.pinInvalid, .pinBlocked, .pinBlocked] {
            #expect(try await platform.tokenStatus("0000", .credentialManagement) == expected)
        }
        #expect(try await platform.tokenStatus("1234", nil) == .pinBlocked)
        #expect(await platform.bench.status(CTAPRequest(.reset)) == .success)
        #expect(try await retries() == [8, nil])
        #expect(try await platform.tokenStatus("1234", nil) == .pinNotSet)
    }

    @Test("a right PIN gives all retries back, a wrong one spends the shared secret")
    func secretSpent() async throws {
        let platform = try await Self.platform()
        let (wrong, _) = try await platform.tokenRequest("0000", nil)
        let (right, _) = try await platform.tokenRequest("1234", nil)
        #expect(await platform.bench.status(wrong.request) == .pinInvalid)
        // Encrypted under the secret that the mismatch has ended.
        #expect(await platform.bench.status(right.request) == .pinInvalid)
        _ = try await platform.token(nil)
        let state = try #require(platform.bench.store.state())
        #expect(state.pinRetries == 8)
    }

    @Test("a request that is refused before the PIN is compared takes no retry")
    func retryKept() async throws {
        let platform = try await Self.platform()
        var request = try await platform.changePIN("0000", "5678")
        request.pinUVAuthParam?[3] ^= 0x10
        #expect(await platform.bench.status(request.request) == .pinAuthInvalid)
        for (permissions, id, expected) in [
            (PINUVAuthPermissions(rawValue: 0), nil, CTAPStatus.invalidParameter),
            (.makeCredential, nil, .missingParameter), (.getAssertion, nil, .missingParameter),
            (.bioEnrollment, nil, .unauthorizedPermission),
            ([.persistentCredentialManagementReadOnly, .credentialManagement], nil, .unauthorizedPermission),
        ] as [(PINUVAuthPermissions, String?, CTAPStatus)] {
            #expect(try await platform.tokenStatus("0000", permissions, relyingPartyID: id) == expected)
        }
        // CTAP 2.0's token has no permissions.
        #expect(try await platform.tokenStatus("0000", .credentialManagement, .getPINToken) == .invalidParameter)
        #expect(platform.bench.store.state()?.pinRetries == 8)
    }

    @Test("undefined permission bits are ignored")
    func undefinedBits() async throws {
        let platform = try await Self.platform()
        #expect(try await platform.tokenStatus("1234", PINUVAuthPermissions(rawValue: 0x84)) == .success)
    }

    @Test("§6.1.2 step 11, §6.2.2 step 6: what a token is good for", arguments: PINUVAuthProtocol.allCases)
    func use(version: PINUVAuthProtocol) async throws {
        let platform = try await Self.platform(.securityKey, version)
        let bench = platform.bench
        let made = try await bench.register(platform.registration(try await platform.token(.makeCredential)))
        #expect(made.data.flags.isSuperset(of: [.userVerified, .userPresent]))
        for token in [
            try await platform.token(.getAssertion),
            try await platform.token(.makeCredential, relyingPartyID: "other.example"),
            try await platform.token(.credentialManagement),
        ] {
            #expect(await bench.status(platform.registration(token).request) == .pinAuthInvalid)
        }
        #expect(
            await bench.status(platform.authentication(try await platform.token(.makeCredential)).request)
                == .pinAuthInvalid)
        // That of CTAP 2.0 binds to the first relying party that it is used with.
        let old = try await platform.token(nil)
        #expect(await bench.status(platform.authentication(old, userPresence: false).request) == .success)
        var foreign = GetAssertionRequest(relyingPartyID: "other.example", clientDataHash: Bench.clientDataHash)
        foreign.pinUVAuthParam = old.authenticate(foreign.clientDataHash)
        foreign.pinUVAuthProtocol = version.rawValue
        #expect(await bench.status(foreign.request) == .pinAuthInvalid)
        // A touch spends it.
        #expect(await bench.status(platform.authentication(old).request) == .success)
        #expect(await bench.status(platform.authentication(old).request) == .pinAuthInvalid)
        // A wrong code, another protocol, none at all.
        var request = platform.authentication(try await platform.token(.getAssertion))
        request.pinUVAuthParam?[0] ^= 1
        #expect(await bench.status(request.request) == .pinAuthInvalid)
        request.pinUVAuthProtocol = nil
        #expect(await bench.status(request.request) == .missingParameter)
        request.pinUVAuthProtocol = 9
        #expect(await bench.status(request.request) == .invalidParameter)
        #expect(await bench.status(Bench.registration(discoverable: true).request) == .puatRequired)
    }

    @Test("step 1: an empty proof asks for a touch, and whether there is a PIN")
    func emptyProof() async throws {
        for (hasPIN, expected) in [(true, CTAPStatus.pinInvalid), (false, .pinNotSet)] {
            let gate = RecordingGate()
            let platform = try await Self.platform(gate: gate, hasPIN: hasPIN)
            var request = Bench.registration()
            request.pinUVAuthParam = []
            #expect(await platform.bench.status(request.request) == expected)
            #expect(gate.requests == [UserRequest(.selection, needsVerification: false)])
        }
    }

    @Test("a proof where nobody can be verified is refused")
    func unprotected() async throws {
        let platform = try await Self.platform(hasPIN: false)
        var request = Bench.registration()
        (request.pinUVAuthParam, request.pinUVAuthProtocol) = ([UInt8](repeating: 1, count: 32), 2)
        #expect(await platform.bench.status(request.request) == .pinNotSet)
    }

    @Test("§6.5.2.1: a token lives 30 s unused, ten minutes in use, and not beyond the power")
    func lifetimes() async throws {
        let platform = try await Self.platform()
        let bench = platform.bench
        _ = try await bench.register(platform.registration(try await platform.token(.makeCredential)))
        let unused = try await platform.token(.getAssertion)
        bench.clock.advance(by: .seconds(31))
        #expect(await bench.status(platform.authentication(unused).request) == .pinAuthInvalid)
        let used = try await platform.token(.getAssertion)
        for _ in 0..<20 {
            bench.clock.advance(by: .seconds(29))
            #expect(await bench.status(platform.authentication(used, userPresence: false).request) == .success)
        }
        bench.clock.advance(by: .seconds(21))
        #expect(await bench.status(platform.authentication(used, userPresence: false).request) == .pinAuthInvalid)
        let lost = try await platform.token(.getAssertion)
        await bench.authenticator.powerCycle()
        #expect(await bench.status(platform.authentication(lost).request) == .pinAuthInvalid)
    }

    @Test("CTAP 2.0's tokens are good for several commands, and live until the power goes")
    func oldTokens() async throws {
        let platform = try await Self.platform(.securityKey, .one, profile: .compat20)
        let token = try await platform.token(nil)
        _ = try await platform.bench.register(platform.registration(token))
        platform.bench.clock.advance(by: .seconds(3600))
        #expect(await platform.bench.status(platform.authentication(token).request) == .success)
        #expect(await platform.bench.status(platform.registration(token).request) == .success)
        await platform.bench.authenticator.powerCycle()
        #expect(await platform.bench.status(platform.authentication(token).request) == .pinAuthInvalid)
    }

    @Test("getPinToken's token is good for the preview's commands alone")
    func previewCommands() async throws {
        let platform = try await Self.platform(profile: .ctap21)
        let token = try await platform.token(nil)
        var request = CredentialManagementRequest(1, pinUVAuthProtocol: 2)
        request.pinUVAuthParam = token.authenticate(request.authenticatedMessage)
        #expect(await platform.bench.status(request.request) == .pinAuthInvalid)
        let preview = CTAPRequest(.credentialManagementPreview, parameters: request.request.parameters)
        #expect(await platform.bench.status(preview) == .success)
        #expect(await Bench(.securityKey).status(preview) == .invalidCommand)
    }

    @Test("GetNextAssertion ends with the token that began it")
    func nextEndsWithToken() async throws {
        let platform = try await Self.platform()
        let bench = platform.bench
        for user in [1, 2, 3] as [UInt8] {
            let token = try await platform.token(.makeCredential)
            var request = Bench.registration(user: [user], discoverable: true)
            (request.pinUVAuthParam, request.pinUVAuthProtocol) = (token.authenticate(request.clientDataHash), 2)
            #expect(await bench.status(request.request) == .success)
        }
        let token = try await platform.token(.getAssertion)
        for _ in 0..<23 {
            bench.clock.advance(by: .seconds(25))
            if await bench.status(platform.authentication(token, userPresence: false).request) != .success { break }
        }
        bench.clock.advance(by: .seconds(20))
        #expect(await bench.status(platform.authentication(token, userPresence: false).request) == .success)
        bench.clock.advance(by: .seconds(10))
        #expect(await bench.status(CTAPRequest(.getNextAssertion)) == .notAllowed)
    }

    @Test("§6.5.5.6 changePIN ends all tokens, the persistent one too")
    func changing() async throws {
        let platform = try await Self.platform()
        let bench = platform.bench
        let persistent = try await platform.token(.persistentCredentialManagementReadOnly)
        #expect(try await platform.token(.persistentCredentialManagementReadOnly) == persistent)
        let token = try await platform.token(.makeCredential)
        #expect(await bench.status(try await platform.changePIN("1234", "567").request) == .pinPolicyViolation)
        #expect(await bench.status(try await platform.changePIN("1234", "5678").request) == .success)
        #expect(await bench.status(platform.registration(token).request) == .pinAuthInvalid)
        #expect(
            try await platform.token(.persistentCredentialManagementReadOnly, pin: "5678") != persistent)
        #expect(try await platform.tokenStatus("1234", nil) == .pinInvalid)
    }
}
