import FoundationEssentials
import TestSupport
import Testing
import WebAuthnModel

@Suite struct ClientDataTests {
    @Test("The serialization is the one of WebAuthn Level 3 §5.8.1.1")
    func serialization() {
        let data = CollectedClientData(type: "webauthn.get", challenge: [0xFB, 0xFF], origin: "https://example.com")
        #expect(
            String(decoding: data.encoded, as: UTF8.self)
                == #"{"type":"webauthn.get","challenge":"-_8","origin":"https://example.com","crossOrigin":false}"#)
    }

    @Test("Strings are escaped as CCDToString does")
    func escaping() throws {
        let data = CollectedClientData(type: "a\"b\\c\n\u{7F}é", challenge: [], origin: "o", topOrigin: "t")
        #expect(String(decoding: data.encoded, as: UTF8.self).hasPrefix(#"{"type":"a\"b\\c\u000a"# + "\u{7F}é\""))
        #expect(try CollectedClientData(decoding: data.encoded) == data)
    }

    static let decodingCases: [(String, Bool)] = [
        (#"{"type":"t","challenge":"AA","origin":"o","extra":{"a":[1]}}"#, true),
        (#"{"type":"t","challenge":"AA==","origin":"o"}"#, false),
        (#"{"type":1,"challenge":"AA","origin":"o"}"#, false),
        (#"{"challenge":"AA","origin":"o"}"#, false), ("", false), ("[]", false),
    ]

    @Test("Unknown members are ignored, wrong ones refused", arguments: decodingCases)
    func decoding(json: String, accepted: Bool) {
        #expect(((try? CollectedClientData(decoding: Array(json.utf8))) != nil) == accepted)
    }

    @Test("Options survive JSON, members that nobody knows included")
    func options() throws {
        let json = """
            {"rp":{"name":"R","id":"localhost"},"user":{"id":"AQI","name":"n","displayName":"d"},"challenge":"AAEC",
            "pubKeyCredParams":[{"type":"public-key","alg":-7}],"timeout":60000,"excludeCredentials":[
            {"type":"public-key","id":"AQ","transports":["hybrid","future"]}],"authenticatorSelection":
            {"residentKey":"required","requireResidentKey":true,"userVerification":"required"},"hints":["hybrid"],
            "attestation":"direct","extensions":{"credProps":true,"x":{"y":[null,1.5,"z"]}}}
            """
        let options = try JSONDecoder().decode(PublicKeyCredentialCreationOptions.self, from: Data(json.utf8))
        #expect(options.excludeCredentials?.first?.transports?.last?.rawValue == "future")
        #expect(options.authenticatorSelection?.residentKey == .required)
        let again = try JSONDecoder().decode(
            PublicKeyCredentialCreationOptions.self, from: try JSONEncoder().encode(options))
        #expect(again == options)
    }
}
