import TestSupport
import Testing
import WebAuthnModel

@Suite struct Base64URLTests {
    static let roundTripCases: [(String, String)] = [
        ("", ""), ("66", "Zg"), ("666f", "Zm8"), ("666f6f", "Zm9v"), ("666f6f62", "Zm9vYg"), ("666f6f6261", "Zm9vYmE"),
        ("666f6f626172", "Zm9vYmFy"), ("fbff", "-_8"), ("000000", "AAAA"),
    ]

    @Test("RFC 4648 test vectors, without padding", arguments: roundTripCases)
    func roundTrip(hex: String, text: String) throws {
        let bytes = try #require([UInt8](hex: hex))
        #expect(Base64URL.encode(bytes) == text)
        #expect(Base64URL.decode(text) == bytes)
    }

    @Test(
        "Other spellings are refused",
        arguments: ["Zg==", "Z", "Zh", "Zm9", "+/8", "Zg ", "Zg\n", "Zm9vY", "é", "AAAAA"])
    func rejection(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }
}
