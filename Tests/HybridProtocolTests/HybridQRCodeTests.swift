import CBOR
import Crypto
import FoundationEssentials
import TestSupport
import Testing

@testable import HybridProtocol

@Suite struct HybridQRCodeTests {
    @Test("published codes", arguments: try HybridVector.group("qr"))
    func vector(_ vector: HybridVector) throws {
        let url = try #require(vector.inputs["url"]?.string ?? vector.outputs["url"]?.string)
        if let error = vector.outputs["error"]?.string {
            let errors: [String: HybridQRCodeError] = [
                "prefix": .notAHybridCode, "empty payload": .empty, "digit": .digits(.notADigit),
                "length": .digits(.impossibleLength), "range": .digits(.outOfRange),
                "cbor: top level is the integer 0, not a map": .notAMap,
            ]
            #expect(throws: try #require(errors[error])) { try HybridQRCode(url: url) }
        } else if vector.outputs["valid"] == .boolean(false) {
            #expect(throws: HybridQRCodeError.self) { try HybridQRCode(url: url) }
        } else if let parsed = vector.outputs["parsed"] {
            let code = try HybridQRCode(url: url)
            #expect(code.knownTunnelDomainCount == UInt64(try #require(parsed["known"]?.number)))
            #expect(code.operationHint.rawValue == parsed["rt"]?.string)
            #expect(code.supportsLinking.map(JSON.boolean) ?? .null == parsed["linking"])
            #expect(code.timestamp == nil)
        } else {
            let decoded = try #require(vector.outputs["decoded"])
            let code = try HybridQRCode(url: url)
            #expect("h'\(Array(code.identityPublicKey.compressedRepresentation).hex)'" == decoded["0"]?.string)
            #expect("h'\(code.qrSecret.hex)'" == decoded["1"]?.string)
            #expect(code.knownTunnelDomainCount == decoded["2"]?.number.map(UInt64.init))
            #expect(code.timestamp == decoded["3"]?.number.map(UInt64.init))
            #expect(code.supportsLinking.map(JSON.boolean) == decoded["4"])
            #expect(code.operationHint.rawValue == decoded["5"]?.string)
            #expect(code.dataTransferChannels == [.webSocket])
            // Codes with nothing but keys 0 to 5 come out as they went in.
            if decoded["6"] == nil { #expect(code.url == url) }
        }
    }

    @Test("a code made from a key reads back, whatever it offers")
    func roundTrip() throws {
        var generator = SeededGenerator(seed: 2)
        for hint in HybridOperationHint.allCases {
            for channels in [[HybridDataTransferChannel.webSocket], [.webSocket, .bluetoothLE]] {
                let key = try HybridQRKey(using: &generator)
                let code = key.qrCode(
                    hint: hint, timestamp: 1_790_000_000, supportsLinking: hint == .getAssertion,
                    dataTransferChannels: channels)
                #expect(try HybridQRCode(url: code.url) == code)
                #expect(try HybridQRCode(url: "fido:/" + code.url.dropFirst(6)) == code)
                if hint == .getAssertion { #expect(code.url.utf8.count == 6 + (channels.count == 1 ? 168 : 178)) }
                #expect(code.knownTunnelDomainCount == 2)
            }
        }
    }

    static let publicKey = "03364c15eec34331d2865757421d497e569e1eba6cff9a69d32e90f19e7f6fd15e"

    static func url(_ changes: [(CBORValue, CBORValue?)]) throws -> String {
        var map = CBORMap()
        map[0] = .bytes(try #require([UInt8](hex: publicKey)))
        map[1] = .bytes([UInt8](repeating: 7, count: 16))
        for (key, value) in changes { map[key] = value }
        return "FIDO:/" + HybridDigits.encode(CBOREncoder.encode(.map(map)))
    }

    @Test(
        "malformed members are refused by name",
        arguments: [
            (0, nil, .identityKey), (0, "text", .identityKey), (0, .bytes([2, 3]), .identityKey),
            (0, .bytes([5] + [UInt8](repeating: 1, count: 32)), .identityKey),
            (0, .bytes([2] + [UInt8](repeating: 0xFF, count: 32)), .identityKey),
            (1, nil, .secret), (1, 5, .secret), (1, .bytes([UInt8](repeating: 7, count: 15)), .secret),
            (1, .bytes([UInt8](repeating: 7, count: 17)), .secret), (2, "2", .knownTunnelDomainCount),
            (2, -1, .knownTunnelDomainCount), (4, 1, .supportsLinking), (4, "true", .supportsLinking),
            (5, 1, .operationHint), (5, .bytes([0x67, 0x61]), .operationHint),
        ] as [(CBORValue, CBORValue?, HybridQRCodeError)])
    func rejection(key: CBORValue, value: CBORValue?, error: HybridQRCodeError) throws {
        let url = try Self.url([(key, value)])
        #expect(throws: error) { try HybridQRCode(url: url) }
    }

    @Test(
        "the offered channels fall back to WebSocket",
        arguments: [
            (nil, [.webSocket]), (true, [.webSocket]), ([], [.webSocket]), ([0], [.webSocket]), (1, [.webSocket]),
            ([0, 1], [.webSocket, .bluetoothLE]), ([1], [.bluetoothLE]), ([0, 9], [.webSocket]), ([9], [.webSocket]),
            ([1, "x"], [.webSocket]), ([-1, 1], [.webSocket]),
        ] as [(CBORValue?, [HybridDataTransferChannel])])
    func channels(value: CBORValue?, expected: [HybridDataTransferChannel]) throws {
        #expect(try HybridQRCode(url: Self.url([(6, value)])).dataTransferChannels == expected)
    }

    @Test("unknown keys, an unknown hint and an odd timestamp are tolerated")
    func tolerance() throws {
        let code = try HybridQRCode(url: Self.url([(3, "now"), (5, "xx"), (1000, [1, 2]), (0xFFFF, 0)]))
        #expect(code.operationHint == .getAssertion)
        #expect(code.timestamp == nil)
    }

    @Test("bytes after the map and non-canonical maps are refused")
    func strictness() throws {
        for hex in ["a000", "a20000", "a201000000", "bf00ff"] {
            let digits = HybridDigits.encode(try #require([UInt8](hex: hex)))
            #expect(throws: HybridQRCodeError.self) { try HybridQRCode(url: "FIDO:/" + digits) }
        }
    }

    @Test("a generator that never yields a valid key is reported, not retried for ever")
    func brokenGenerator() {
        struct Zeros: RandomNumberGenerator {
            mutating func next() -> UInt64 { 0 }
        }
        var generator = Zeros()
        #expect(throws: HybridKeyGenerationError()) { try HybridQRKey(using: &generator) }
    }

    @Test("descriptions keep the secret")
    func redaction() throws {
        var generator = SeededGenerator(seed: 3)
        let key = try HybridQRKey(using: &generator)
        let code = key.qrCode(hint: .getAssertion, timestamp: 0)
        for text in ["\(key)", String(reflecting: key), "\(code)", String(reflecting: code), "\(code.eidKey)"] {
            #expect(!text.contains(key.qrSecret.hex) && !text.contains("\(key.qrSecret)"))
            #expect(text.contains("withheld"))
        }
    }
}
