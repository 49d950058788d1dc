import CTAP
import Crypto
import SecurityKeys
import Testing
import WebAuthnModel

@Suite struct LibFIDO2VerifierTests {
    private let hash = Array(SHA256.hash(data: Array("client data".utf8)))
    private let key = ScriptedKey()

    private func registration() async throws -> MakeCredentialResponse {
        let response = await key.respond(to: makeCredentialRequest().request, in: CTAPRequestContext())
        return try MakeCredentialResponse(data: response.data)
    }

    private func assertion() async throws -> GetAssertionResponse {
        let request = GetAssertionRequest(relyingPartyID: ScriptedKey.relyingPartyID, clientDataHash: hash)
        return try await GetAssertionResponse(data: key.respond(to: request.request, in: CTAPRequestContext()).data)
    }

    @Test("a registration with a wrong signature, client data, RP ID or form is refused")
    func registrations() async throws {
        let good = try await registration()
        let rp = ScriptedKey.relyingPartyID
        #expect(try LibFIDO2Verifier.verifyRegistration(good, clientDataHash: hash, relyingPartyID: rp) == .selfSigned)
        #expect(throws: LibFIDO2Error.invalidSignature) {
            try LibFIDO2Verifier.verifyRegistration(
                good, clientDataHash: Array(hash.reversed()), relyingPartyID: rp)
        }
        #expect(throws: LibFIDO2Error.invalidParameter) {
            try LibFIDO2Verifier.verifyRegistration(good, clientDataHash: hash, relyingPartyID: "evil.example")
        }
        var bad = good
        bad.authenticatorData = Array(good.authenticatorData.dropLast())
        #expect(throws: LibFIDO2Error.invalidArgument) {
            try LibFIDO2Verifier.verifyRegistration(bad, clientDataHash: hash, relyingPartyID: rp)
        }
    }

    @Test("an assertion with a wrong signature, key, client data or RP ID is refused")
    func assertions() async throws {
        let good = try await assertion()
        let rp = ScriptedKey.relyingPartyID
        try LibFIDO2Verifier.verifyAssertion(
            good, clientDataHash: hash, relyingPartyID: rp, publicKey: key.publicKey)
        #expect(throws: LibFIDO2Error.invalidSignature) {
            try LibFIDO2Verifier.verifyAssertion(
                good, clientDataHash: hash, relyingPartyID: rp, publicKey: ScriptedKey().publicKey)
        }
        #expect(throws: LibFIDO2Error.invalidSignature) {
            try LibFIDO2Verifier.verifyAssertion(
                good, clientDataHash: Array(hash.reversed()), relyingPartyID: rp, publicKey: key.publicKey)
        }
        #expect(throws: LibFIDO2Error.invalidParameter) {
            try LibFIDO2Verifier.verifyAssertion(
                good, clientDataHash: hash, relyingPartyID: "evil.example", publicKey: key.publicKey)
        }
        #expect(throws: LibFIDO2Error.invalidArgument) {
            try LibFIDO2Verifier.verifyAssertion(
                good, clientDataHash: hash, relyingPartyID: rp,
                publicKey: .okp(algorithm: .es256, curve: .ed25519, x: []))
        }
    }

    @Test("an Ed25519 assertion is verified")
    func edDSA() throws {
        let key = Curve25519.Signing.PrivateKey()
        let data = AuthenticatorData(
            relyingPartyIDHash: Array(SHA256.hash(data: Array("a.example".utf8))), flags: [.userPresent],
            signatureCounter: 0
        ).encoded
        let response = try GetAssertionResponse(
            credential: nil, authenticatorData: data, signature: Array(key.signature(for: data + hash)))
        try LibFIDO2Verifier.verifyAssertion(
            response, clientDataHash: hash, relyingPartyID: "a.example",
            publicKey: .okp(algorithm: .edDSA, curve: .ed25519, x: Array(key.publicKey.rawRepresentation)))
    }

    @Test("errors carry the library's names")
    func descriptions() {
        #expect(LibFIDO2Error.invalidSignature.description == "libfido2 reports FIDO_ERR_INVALID_SIG (-6)")
        #expect(LibFIDO2Error(rawValue: 0x2E).description.contains("FIDO_ERR_NO_CREDENTIALS"))
        #expect(LibFIDO2Error(rawValue: -999).description.contains("-999"))
    }
}
