import FoundationEssentials
import RelyingParty
import TestSupport
import Testing
import WebAuthnModel

@Suite("Responses as JSON")
struct ResponseJSONTests {
    @Test("What a browser sends is read, and its challenge found")
    func reads() throws {
        let party = try makeRelyingParty()
        let authenticator = try TestAuthenticator()
        let registration = try authenticator.register(party.registration())
        let json = Array(try JSONEncoder().encode(registration))
        #expect(try WebAuthnRelyingParty.registrationResponse(json: json) == registration)
        #expect(try WebAuthnRelyingParty.challenge(in: registration) == party.registration().challenge.bytes)
        let authentication = try authenticator.authenticate(party.authentication())
        let otherJSON = Array(try JSONEncoder().encode(authentication))
        #expect(try WebAuthnRelyingParty.authenticationResponse(json: otherJSON) == authentication)
        #expect(try WebAuthnRelyingParty.challenge(in: authentication) == party.authentication().challenge.bytes)
    }

    @Test("A byte order mark before client data is skipped, as the UTF-8 decode algorithm does")
    func byteOrderMark() async throws {
        let party = try makeRelyingParty()
        var response = try TestAuthenticator().register(party.registration())
        response.response.clientDataJSON.bytes = [0xEF, 0xBB, 0xBF] + response.response.clientDataJSON.bytes
        _ = try await party.verify(
            registration: response, for: party.registration(), existing: nil, now: testNow)
    }

    @Test(
        "What is no response is refused with the place",
        arguments: [
            ("", CeremonyError.malformedJSON("it is not JSON")),
            ("{", .malformedJSON("it is not JSON")),
            ("[]", .malformedJSON("member (the whole) has the wrong type")),
            ("{}", .malformedJSON("member id is missing")),
            (#"{"id":1}"#, .malformedJSON("member id has the wrong type")),
            (#"{"id":null}"#, .malformedJSON("member id is null")),
            (
                #"{"id":"AA="}"#,
                .malformedJSON("member id is malformed: this string is not base64url without padding")
            ),
            (
                #"{"id":"AA","rawId":"AA","type":"public-key","response":{}}"#,
                .malformedJSON("member response.clientDataJSON is missing")
            ),
        ])
    func refuses(json: String, expected: CeremonyError) {
        #expect(throws: expected) { _ = try WebAuthnRelyingParty.registrationResponse(json: Array(json.utf8)) }
    }

    @Test("Other encodings and endless bodies are refused")
    func refusesBytes() {
        #expect(throws: CeremonyError.malformedJSON("it is not UTF-8")) {
            _ = try WebAuthnRelyingParty.authenticationResponse(json: [0x7B, 0, 0x7D, 0])
        }
        #expect(throws: CeremonyError.responseTooLarge(byteCount: 65_537, limit: 65_536)) {
            _ = try WebAuthnRelyingParty.authenticationResponse(json: [UInt8](repeating: 0x5B, count: 65_537))
        }
        #expect(throws: CeremonyError.self) {
            _ = try WebAuthnRelyingParty.authenticationResponse(json: [UInt8](repeating: 0x5B, count: 65_536))
        }
    }

    @Test("Garbage never does anything but fail", arguments: [UInt64(1), 2, 3, 4])
    func garbage(seed: UInt64) async throws {
        let party = try makeRelyingParty()
        let authenticator = try TestAuthenticator()
        let registration = try authenticator.register(party.registration())
        let json = Array(try JSONEncoder().encode(registration))
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            var spoiled = json
            for _ in 0...Int.random(in: 0..<4, using: &generator) {
                let index = Int.random(in: 0..<spoiled.count, using: &generator)
                spoiled[index] = UInt8.random(in: 0...255, using: &generator)
            }
            do {
                let response = try WebAuthnRelyingParty.registrationResponse(json: spoiled)
                _ = try await party.verify(
                    registration: response, for: party.registration(), existing: nil, now: testNow)
            } catch is CeremonyError {
            } catch is RegistrationError {
            }
            var object = registration
            let count = Int.random(in: 4..<200, using: &generator)
            object.response.attestationObject.bytes.replaceSubrange(0..<min(count, 60), with: generator.bytes(count))
            await #expect(throws: RegistrationError.self) {
                _ = try await party.verify(
                    registration: object, for: party.registration(), existing: nil, now: testNow)
            }
        }
    }
}
