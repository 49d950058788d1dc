import CBOR
import Crypto
import TestSupport
import Testing

@testable import HybridProtocol

@Suite struct HybridMessageTests {
    @Test("published messages", arguments: try HybridVector.group("messages"))
    func vector(_ vector: HybridVector) throws {
        switch vector.id {
        case "posthandshake-ios-2026":
            let ciphertext = try vector.inputs.bytes("ciphertext")
            var opener = HybridOpener(key: SymmetricKey(data: try vector.inputs.bytes("key")))
            let bytes = try opener.open(ciphertext)
            #expect(bytes == (try vector.outputs.bytes("message")))
            #expect(HybridPadding.pad(bytes) == (try vector.outputs.bytes("padded")))
            let message = try PostHandshakeMessage(decoding: bytes)
            #expect(message.features == [.ctap, .digitalCredentials])
            #expect(message.revision == .typed)
            let getInfo = try CBORDecoder.decode(try #require(message.getInfo)).map
            #expect(getInfo?[1] == ["FIDO_2_0", "FIDO_2_1"])
            #expect(getInfo?[4]?.map?["jsonMessages"] == true)
            #expect(message.encoded() == bytes)
        case "posthandshake-ios16":
            let bytes = try vector.inputs.bytes("message")
            let message = try PostHandshakeMessage(decoding: bytes)
            #expect(message.features == [.ctap])
            #expect(try CBORDecoder.decode(try #require(message.getInfo)).map?[1] == ["FIDO_2_0"])
            #expect(message.encoded() == bytes)
        case "ga-request-ios":
            let bytes = try vector.inputs.bytes("message")
            let message = try HybridMessage(decoding: bytes)
            #expect(message == .ctap(Array(bytes.dropFirst())))
            var sealer = HybridSealer(key: SymmetricKey(data: try vector.inputs.bytes("key")))
            #expect(try sealer.seal(message.encoded()) == vector.outputs.bytes("ciphertext"))
        case "ga-response-ios":
            let counter = UInt32(try #require(vector.inputs["seq"]?.number))
            var opener = HybridOpener(key: SymmetricKey(data: try vector.inputs.bytes("key")), counter: counter)
            let bytes = try opener.open(try vector.inputs.bytes("ciphertext"))
            #expect(bytes == (try vector.outputs.bytes("message")))
            #expect(try HybridMessage(decoding: bytes) == .ctap(Array(bytes.dropFirst())))
        case "frame-mc-response":
            let bytes = try vector.outputs.bytes("message")
            #expect(try HybridMessage(decoding: bytes) == .ctap(Array(bytes.dropFirst())))
            #expect(HybridMessage.ctap(Array(bytes.dropFirst())).encoded() == bytes)
        case "frame-shutdown":
            let bytes = try vector.outputs.bytes("message")
            #expect(try HybridMessage(decoding: bytes) == .shutdown)
            #expect(HybridMessage.shutdown.encoded() == bytes)
        case "frame-update":
            // The vector shows the type byte only: its body is no CBOR map, as the body of an update has to be.
            let bytes = try vector.outputs.bytes("message")
            #expect(throws: HybridMessageError.updateNotCBOR(.trailingBytes(at: 1))) {
                try HybridMessage(decoding: bytes)
            }
        case "json-request-shape":
            let bytes = try vector.outputs.bytes("message")
            #expect(try HybridMessage(decoding: bytes) == .json(Array(bytes.dropFirst())))
            #expect(HybridMessage.json(Array(bytes.dropFirst())).encoded() == bytes)
        default:
            Issue.record("no test for \(vector.id)")
        }
    }

    @Test(
        "malformed messages are refused",
        arguments: [
            ("", .empty), ("01", .emptyBody), ("03", .emptyBody), ("0000", .shutdownWithBody), ("04", .unknownType(4)),
            ("ff00", .unknownType(255)), ("02", .updateNotCBOR(.truncated(at: 0))), ("0280", .updateNotAMap),
            ("02a0a0", .updateNotCBOR(.trailingBytes(at: 1))), ("03ff", .jsonNotUTF8), ("03c0af", .jsonNotUTF8),
        ] as [(String, HybridMessageError)])
    func rejection(hex: String, error: HybridMessageError) throws {
        let bytes = try #require([UInt8](hex: hex))
        #expect(throws: error) { try HybridMessage(decoding: bytes) }
    }

    @Test("descriptions keep the content")
    func redaction() {
        #expect("\(HybridMessage.ctap([0xAB, 0xCD]))" == "CTAP message (2 bytes)")
        #expect("\(HybridMessage.linkingUpdate(nil))" == "update (1 entries)")
    }
}

@Suite struct PostHandshakeMessageTests {
    @Test("the padding of older authenticators is tolerated and tells their revision", arguments: [(512, 2), (256, 1)])
    func legacy(multiple: Int, countByteCount: Int) throws {
        let map = CBOREncoder.encode([1: .bytes([0xA0])])
        let zeroCount = multiple - map.count - countByteCount
        let count = (0..<countByteCount).map { UInt8(truncatingIfNeeded: zeroCount >> (8 * $0)) }
        let message = try PostHandshakeMessage(decoding: map + [UInt8](repeating: 0, count: zeroCount) + count)
        #expect(message.revision == .withoutTypes)
        #expect(message.getInfo == [0xA0])
        #expect(message.features == [.ctap])
    }

    @Test("features are read in any order, unknown ones kept, and padding ignored")
    func tolerance() throws {
        let bytes = CBOREncoder.encode([0: .bytes([0, 0]), 1: .bytes([0xA0]), 3: ["dc", "new", "ctap"], 99: true])
        let message = try PostHandshakeMessage(decoding: bytes)
        #expect(message.features == [.digitalCredentials, HybridFeature(rawValue: "new"), .ctap])
        #expect(message.encoded() == CBOREncoder.encode([1: .bytes([0xA0]), 3: ["ctap", "dc", "new"]]))
        let withoutCTAP = try PostHandshakeMessage(decoding: CBOREncoder.encode([3: ["dc"]]))
        #expect(withoutCTAP.getInfo == nil)
    }

    @Test(
        "malformed messages are refused",
        arguments: [
            (5, .notAMap), ([:], .getInfo), ([1: "x"], .getInfo), ([3: ["ctap"]], .getInfo),
            ([1: .bytes([0xA0]), 3: "ctap"], .features), ([1: .bytes([0xA0]), 3: [1]], .features),
            ([1: .bytes([0xA0]), 2: 1], .linking(.notAMap)), ([1: .bytes([0xA0]), 2: [:]], .linking(.contactID)),
        ] as [(CBORValue, PostHandshakeMessageError)])
    func rejection(value: CBORValue, error: PostHandshakeMessageError) {
        #expect(throws: error) { try PostHandshakeMessage(decoding: CBOREncoder.encode(value)) }
    }

    @Test("bytes that are CBOR neither with nor without padding are refused")
    func notCBOR() {
        #expect(throws: PostHandshakeMessageError.notCBOR(.truncated(at: 0))) { try PostHandshakeMessage(decoding: []) }
        #expect(throws: PostHandshakeMessageError.self) { try PostHandshakeMessage(decoding: [0xA1, 0x01]) }
        #expect(throws: PostHandshakeMessageError.self) { try PostHandshakeMessage(decoding: [0xFF, 0xFF, 0xFF]) }
    }
}
