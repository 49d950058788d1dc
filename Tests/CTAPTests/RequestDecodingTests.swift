import CBOR
import CTAP
import TestSupport
import Testing
import WebAuthnModel

@Suite struct RequestDecodingTests {
    static let makeCredential: [CBORValue: CBORValue] = [
        1: .bytes(.init(repeating: 7, count: 32)), 2: ["id": "example.com", "name": "Example"],
        3: ["id": .bytes([1, 2]), "name": "n", "displayName": "d"], 4: [["alg": -7, "type": "public-key"]],
        5: [["id": .bytes([3]), "type": "public-key"]], 6: ["unknown": true], 7: ["rk": true, "uv": true],
        8: .bytes([1]), 9: 2, 10: 1, 11: ["packed"],
    ]
    static let getAssertion: [CBORValue: CBORValue] = [
        1: "example.com", 2: .bytes(.init(repeating: 7, count: 32)), 3: [["id": .bytes([3]), "type": "public-key"]],
        4: ["unknown": true], 5: ["up": true], 6: .bytes([1]), 7: 2,
    ]

    static func encode(_ members: [CBORValue: CBORValue]) -> [UInt8] {
        var map = CBORMap()
        for (key, value) in members { map[key] = value }
        return CBOREncoder.encode(.map(map))
    }

    @Test("A full makeCredential request is read and written without loss")
    func makeCredentialRoundTrip() throws {
        let bytes = Self.encode(Self.makeCredential)
        let request = try MakeCredentialRequest(parameters: bytes)
        #expect(request.relyingParty.id == "example.com")
        #expect(request.options == AuthenticatorOptions(discoverable: true, userVerification: true))
        #expect(request.request.message == [0x01] + bytes)
    }

    @Test("A full getAssertion request is read and written without loss")
    func getAssertionRoundTrip() throws {
        let bytes = Self.encode(Self.getAssertion)
        let request = try GetAssertionRequest(parameters: bytes)
        #expect(request.allowList?.first?.id.bytes == [3])
        #expect(request.request.message == [0x02] + bytes)
    }

    /// Every CBOR type once.
    static let values: [CBORValue] = [0, -1, .bytes([0]), "t", [0], ["t": 0], true, .null, .float(.half(0))]

    @Test("A required member that is absent is CTAP2_ERR_MISSING_PARAMETER", arguments: [1, 2, 3, 4])
    func missing(key: Int) {
        var members = Self.makeCredential
        members[CBORValue(key)] = nil
        #expect(throws: CTAPStatus.missingParameter) { try MakeCredentialRequest(parameters: Self.encode(members)) }
        guard key <= 2 else { return }
        var assertion = Self.getAssertion
        assertion[CBORValue(key)] = nil
        #expect(throws: CTAPStatus.missingParameter) { try GetAssertionRequest(parameters: Self.encode(assertion)) }
    }

    @Test("Any member of another type is CTAP2_ERR_CBOR_UNEXPECTED_TYPE", arguments: 1...11)
    func wrongType(key: Int) {
        let right = Self.kind(of: Self.makeCredential[CBORValue(key)])
        for value in Self.values where Self.kind(of: value) != right {
            var members = Self.makeCredential
            members[CBORValue(key)] = value
            #expect(throws: CTAPStatus.cborUnexpectedType, "\(value)") {
                try MakeCredentialRequest(parameters: Self.encode(members))
            }
            guard key <= 7 else { continue }
            var assertion = Self.getAssertion
            guard Self.kind(of: assertion[CBORValue(key)]) != Self.kind(of: value) else { continue }
            assertion[CBORValue(key)] = value
            #expect(throws: CTAPStatus.cborUnexpectedType, "\(value)") {
                try GetAssertionRequest(parameters: Self.encode(assertion))
            }
        }
    }

    static func kind(of value: CBORValue?) -> UInt8? { value.flatMap { CBOREncoder.encode($0).first }.map { $0 >> 5 } }

    static let nestedCases: [(Int, CBORValue, CTAPStatus)] = [
        (2, ["name": "x"] as CBORValue, CTAPStatus.cborUnexpectedType), (2, ["id": 1], .cborUnexpectedType),
        (3, ["name": "x"], .cborUnexpectedType), (3, ["id": "text"], .cborUnexpectedType),
        (3, ["id": .bytes([1]), "name": 5], .cborUnexpectedType), (4, [["alg": -7]], .invalidCBOR),
        (4, [["type": "public-key"]], .invalidCBOR), (4, [["alg": "x", "type": "public-key"]], .cborUnexpectedType),
        (4, [["alg": -7, "type": 1]], .cborUnexpectedType), (5, [["id": .bytes([1])]], .cborUnexpectedType),
        (5, [["type": "public-key"]], .cborUnexpectedType), (5, [1], .cborUnexpectedType),
        (7, ["rk": 1], .cborUnexpectedType), (11, [1], .cborUnexpectedType),
        (5, [["id": .bytes([1]), "transports": ["usb", 1], "type": "public-key"]], .cborUnexpectedType),
    ]

    @Test("Nested members of another type, or missing ones, have their status", arguments: nestedCases)
    func nested(key: Int, value: CBORValue, status: CTAPStatus) {
        var members = Self.makeCredential
        members[CBORValue(key)] = value
        #expect(throws: status) { try MakeCredentialRequest(parameters: Self.encode(members)) }
    }

    @Test("Unknown members are ignored, a legacy icon of any type too")
    func unknown() throws {
        var members = Self.makeCredential
        members[99] = "unknown"
        members[2] = ["id": "example.com", "icon": 5]
        members[3] = ["id": .bytes([]), "icon": [1], "more": true]
        members[7] = ["rk": false, "future": 7]
        let request = try MakeCredentialRequest(parameters: Self.encode(members))
        #expect(request.user.id.bytes.isEmpty)
        #expect(request.options.discoverable == false)
    }

    static let notAMapCases: [(String, CTAPStatus)] = [
        ("", CTAPStatus.invalidCBOR), ("a1", .invalidCBOR), ("a0ff", .invalidCBOR), ("bfff", .invalidCBOR),
        ("a2020001ff", .invalidCBOR), ("80", .cborUnexpectedType), ("00", .cborUnexpectedType),
        ("a0", .missingParameter),
    ]

    @Test("Parameters that are not a canonical map have their status", arguments: notAMapCases)
    func notAMap(hex: String, status: CTAPStatus) throws {
        let bytes = try #require([UInt8](hex: hex))
        #expect(throws: status) { try MakeCredentialRequest(parameters: bytes) }
        #expect(throws: status) { try GetAssertionRequest(parameters: bytes) }
    }

    /// Options out of order: 5 is {"uv": true, "up": true}, beside the RP ID a.example and 32 times 7.
    static let firefoxAssertion =
        "a3 01 69 612e6578616d706c65 02 5820 " + String(repeating: "07", count: 32) + " 05 a2 627576 f5 627570 f5"

    @Test("The options of getAssertion may come as Firefox sends them, uv before up; each once, and nothing else so")
    func firefoxOrder() throws {
        let bytes = try #require([UInt8](hex: Self.firefoxAssertion))
        let request = try GetAssertionRequest(parameters: bytes)
        #expect(request.relyingPartyID == "a.example")
        #expect(request.options == AuthenticatorOptions(userPresence: true, userVerification: true))
        // Written again it is canonical.
        #expect(Array(request.request.parameters.suffix(9)).hex == "a2627570f5627576f5")
        let twice = try #require([UInt8](hex: Self.firefoxAssertion.replacing("627570", with: "627576")))
        #expect(throws: CTAPStatus.invalidCBOR) { try GetAssertionRequest(parameters: twice) }
        let outermost = try #require([UInt8](hex: "a2 02 5820 " + String(repeating: "07", count: 32) + " 01 61 61"))
        #expect(throws: CTAPStatus.invalidCBOR) { try GetAssertionRequest(parameters: outermost) }
    }
}
