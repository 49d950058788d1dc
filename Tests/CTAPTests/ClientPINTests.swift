import CBOR
import CTAP
import TestSupport
import Testing

@Suite("authenticatorClientPIN's parameters (§6.5.5)")
struct ClientPINTests {
    static let members: [CBORValue: CBORValue] = [
        1: 2, 2: 9, 3: [1: 2], 4: .bytes([1]), 5: .bytes([2]), 6: .bytes([3]), 9: 3, 10: "example.com",
    ]

    @Test("a full request is read and written without loss")
    func roundTrip() throws {
        let bytes = RequestDecodingTests.encode(Self.members)
        let request = try ClientPINRequest(parameters: bytes)
        #expect(request.subcommand == .getTokenUsingPIN)
        #expect(request.pinUVAuthProtocol == 2)
        #expect(request.relyingPartyID == "example.com")
        #expect(request.request.message == [0x06] + bytes)
    }

    @Test("getKeyAgreement in fixed bytes")
    func fixedBytes() {
        let request = ClientPINRequest(.getKeyAgreement, pinUVAuthProtocol: 2)
        #expect(request.request.message.hex == "06a201020202")
    }

    @Test("any member of another type is CTAP2_ERR_CBOR_UNEXPECTED_TYPE", arguments: [1, 2, 3, 4, 5, 6, 9, 10])
    func wrongType(key: Int) {
        let right = RequestDecodingTests.kind(of: Self.members[CBORValue(key)])
        for value in RequestDecodingTests.values where RequestDecodingTests.kind(of: value) != right {
            var members = Self.members
            members[CBORValue(key)] = value
            #expect(throws: CTAPStatus.cborUnexpectedType, "\(value)") {
                try ClientPINRequest(parameters: RequestDecodingTests.encode(members))
            }
        }
    }

    static let malformed: [(String, CTAPStatus)] = [
        ("", .invalidCBOR), ("a1", .invalidCBOR), ("a10101", .missingParameter), ("a0", .missingParameter),
        ("80", .cborUnexpectedType), ("a202020101", .invalidCBOR), ("a20101020200", .invalidCBOR),
    ]

    @Test("parameters that are not a canonical map with a subcommand have their status", arguments: malformed)
    func notAMap(hex: String, status: CTAPStatus) throws {
        let bytes = try #require([UInt8](hex: hex))
        #expect(throws: status) { try ClientPINRequest(parameters: bytes) }
    }

    @Test("a response survives its encoding")
    func response() throws {
        let key = try KeyAgreementPrivateKey(rawRepresentation: PINUVAuthVectors.authenticatorKey).publicKey
        let response = ClientPINResponse(keyAgreement: key)
        #expect(response.response.data.hex.hasPrefix("a101a5010203381820012158205"))
        #expect(try ClientPINResponse(data: response.response.data) == response)
        #expect(try ClientPINResponse(data: [0xA0]).keyAgreement == nil)
        #expect(throws: CTAPStatus.cborUnexpectedType) { try ClientPINResponse(data: [0xA1, 1, 1]) }
        #expect(throws: CTAPStatus.invalidCBOR) { try ClientPINResponse(data: []) }
    }
}
