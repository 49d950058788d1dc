import CTAP
import Crypto
import FoundationEssentials
import SecurityKeys
import SoftwareAuthenticator
import TestSupport
import Testing
import WebAuthnModel

/// The real authenticator, operated and judged by libfido2 alone.
@Suite(.timeLimit(.minutes(1))) struct SoftwareAuthenticatorOverHIDTests {
    private let hash = Array(SHA256.hash(data: Array("client data".utf8)))

    private func authenticator(_ flavour: Flavour, gate: any BiometricGate = ApprovingGate()) -> Authenticator {
        Authenticator(
            configuration: .init(flavour: flavour), store: MemoryCredentialStore(), gate: gate,
            randomness: SeededGenerator(seed: 7))
    }

    @Test("registration and login with libfido2", arguments: Flavour.allCases, [COSEAlgorithm.es256, .edDSA])
    func login(flavour: Flavour, algorithm: COSEAlgorithm) async throws {
        let verifies = flavour != .securityKey
        try await withLibFIDO2(authenticator(flavour)) { device in
            let known = try await device.getInfo().algorithms ?? []
            try #require(known.contains { $0.alg == algorithm })
            let options = AuthenticatorOptions(discoverable: true, userVerification: verifies ? true : nil)
            let registration = try await device.makeCredential(
                makeCredentialRequest(algorithms: [algorithm], options: options))
            let attestation = try LibFIDO2Verifier.verifyRegistration(
                registration, clientDataHash: hash, relyingPartyID: ScriptedKey.relyingPartyID,
                requiresUserVerification: verifies)
            #expect(attestation == (flavour == .phone ? .none : .selfSigned))
            let credential = try #require(
                AuthenticatorData(decoding: registration.authenticatorData).attestedCredentialData)
            let assertions = try await device.getAssertions(
                GetAssertionRequest(
                    relyingPartyID: ScriptedKey.relyingPartyID, clientDataHash: hash,
                    options: AuthenticatorOptions(userVerification: verifies ? true : nil)))
            #expect(assertions.count == 1)
            let assertion = try #require(assertions.first)
            #expect(assertion.credential?.id.bytes == credential.credentialID)
            #expect(assertion.user?.id.bytes == [9, 8, 7])
            try LibFIDO2Verifier.verifyAssertion(
                assertion, clientDataHash: hash, relyingPartyID: ScriptedKey.relyingPartyID,
                publicKey: credential.publicKey, requiresUserVerification: verifies)
        }
    }

    @Test("a certified registration is verified by libfido2")
    func certified() async throws {
        var generator = SeededGenerator(seed: 3)
        let identity = try AttestationIdentity(
            aaguid: Flavour.platform.aaguid, validFrom: Date(timeIntervalSince1970: 1_700_000_000), using: &generator)
        let authenticator = Authenticator(
            configuration: .init(flavour: .platform, attestation: .basic(identity)), store: MemoryCredentialStore(),
            gate: ApprovingGate(), randomness: generator)
        let options = AuthenticatorOptions(discoverable: true, userVerification: true)
        try await withLibFIDO2(authenticator) { device in
            let registration = try await device.makeCredential(makeCredentialRequest(options: options))
            let attestation = try LibFIDO2Verifier.verifyRegistration(
                registration, clientDataHash: hash, relyingPartyID: ScriptedKey.relyingPartyID,
                requiresUserVerification: true)
            #expect(attestation == .certified)
        }
    }

    @Test("an excluded credential, an unknown relying party and a refusal come as their statuses")
    func failures() async throws {
        // A platform authenticator makes no credential without verification.
        let options = AuthenticatorOptions(discoverable: true, userVerification: true)
        try await withLibFIDO2(authenticator(.platform)) { device in
            let registration = try await device.makeCredential(makeCredentialRequest(options: options))
            let credential = try #require(
                AuthenticatorData(decoding: registration.authenticatorData).attestedCredentialData)
            await #expect(throws: CTAPClientError.status(.credentialExcluded)) {
                try await device.makeCredential(
                    makeCredentialRequest(options: options, excluded: [credential.credentialID]))
            }
            await #expect(throws: CTAPClientError.status(.noCredentials)) {
                try await device.getAssertions(
                    GetAssertionRequest(relyingPartyID: "other.example", clientDataHash: hash))
            }
        }
        try await withLibFIDO2(authenticator(.platform, gate: DenyingGate())) { device in
            await #expect(throws: CTAPClientError.status(.operationDenied)) {
                try await device.makeCredential(makeCredentialRequest(options: options))
            }
        }
    }
}
