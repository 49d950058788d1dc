import CBOR
import CTAP
import TestSupport
import Testing
import WebAuthnModel

@Suite struct CorridorTests {
    @Test("Every status byte can be carried and is described")
    func statuses() {
        for byte in UInt8.min...UInt8.max {
            let status = CTAPStatus(rawValue: byte)
            #expect(status.rawValue == byte)
            #expect(!status.description.isEmpty)
        }
        #expect(CTAPStatus.noCredentials.description == "CTAP2_ERR_NO_CREDENTIALS (0x2e)")
        #expect(CTAPStatus(rawValue: 0xF0).description == "CTAP status 0xf0")
        #expect(CTAPStatus(rawValue: 0x09).description == "CTAP status 0x09")
    }

    @Test("A message is a byte and the rest, untouched")
    func messages() {
        #expect(CTAPRequest(message: []) == nil)
        #expect(CTAPResponse(message: []) == nil)
        #expect(CTAPRequest(message: [0x41, 1, 2])?.message == [0x41, 1, 2])
        #expect(CTAPResponse(message: [0x2E])?.message == [0x2E])
    }

    @Test("getInfo survives its encoding, with options in canonical order")
    func info() throws {
        let info = AuthenticatorInfo(
            versions: ["FIDO_2_0"], aaguid: .zero, options: ["rk": true, "plat": false, "uv": true],
            maximumMessageSize: 1200, pinUVAuthProtocols: [2, 1], maximumCredentialCountInList: 8,
            maximumCredentialIDLength: 128,
            transports: [.usb, .hybrid], algorithms: [.init(.es256)], firmwareVersion: 3)
        #expect(try AuthenticatorInfo(data: info.encoded) == info)
        #expect(info.encoded.hex.contains("04a362726bf5627576f564706c6174f4"))
    }

    @Test("Responses survive their encoding")
    func responses() throws {
        let made = MakeCredentialResponse(format: .packed, authenticatorData: [1], statement: CBORMap())
        #expect(made.response.data.hex == "a301667061636b656402410103a0")
        #expect(try MakeCredentialResponse(data: made.response.data) == made)
        let assertion = GetAssertionResponse(
            credential: .init(id: [9]), authenticatorData: [1], signature: [2], user: .init(id: [3], name: "n"),
            numberOfCredentials: 2, userSelected: true)
        #expect(try GetAssertionResponse(data: assertion.response.data) == assertion)
    }

    /// Answers from a list.
    private actor Script: CTAPAuthenticator {
        var answers: [CTAPResponse]
        var commands: [CTAPCommand] = []
        init(_ answers: [CTAPResponse]) { self.answers = answers }
        func respond(to request: CTAPRequest, in context: CTAPRequestContext) -> CTAPResponse {
            commands.append(request.command)
            return answers.isEmpty ? CTAPResponse(.other) : answers.removeFirst()
        }
    }

    private static func assertion(of count: UInt64?) -> CTAPResponse {
        GetAssertionResponse(credential: nil, authenticatorData: [1], signature: [2], numberOfCredentials: count)
            .response
    }

    @Test("The direct client fetches every assertion")
    func assertions() async throws {
        let script = Script([Self.assertion(of: 3), Self.assertion(of: nil), Self.assertion(of: nil)])
        let request = GetAssertionRequest(relyingPartyID: "a", clientDataHash: [])
        #expect(try await DirectCTAPClient(script).getAssertions(request).count == 3)
        #expect(await script.commands == [.getAssertion, .getNextAssertion, .getNextAssertion])
    }

    static let failuresCases: [(CTAPResponse, CTAPClientError)] = [
        (CTAPResponse(.noCredentials), CTAPClientError.status(.noCredentials)),
        (CTAPResponse(.success), .malformedResponse("its data fails with CTAP2_ERR_INVALID_CBOR (0x12)")),
        (assertion(of: 5000), .malformedResponse("it claims 5000 credentials")),
    ]

    @Test("The direct client turns failures into errors", arguments: failuresCases)
    func failures(response: CTAPResponse, error: CTAPClientError) async {
        let request = GetAssertionRequest(relyingPartyID: "a", clientDataHash: [])
        await #expect(throws: error) { try await DirectCTAPClient(Script([response])).getAssertions(request) }
        #expect(!error.description.isEmpty)
    }
}
