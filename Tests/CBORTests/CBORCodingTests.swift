import CBOR
import TestSupport
import Testing

@Suite struct CBORCodingTests {
    /// RFC 8949 appendix A, as far as CTAP2 canonical form allows, and CTAP's own map order.
    static let pairs: [(String, CBORValue)] = [
        ("00", 0), ("01", 1), ("0a", 10), ("17", 23), ("1818", 24), ("1819", 25), ("1864", 100), ("18ff", 255),
        ("190100", 256), ("1903e8", 1000), ("19ffff", 65535), ("1a00010000", 65536), ("1a000f4240", 1_000_000),
        ("1affffffff", 4_294_967_295), ("1b0000000100000000", 4_294_967_296),
        ("1bffffffffffffffff", .unsigned(.max)), ("3bffffffffffffffff", .negative(.max)), ("20", -1), ("29", -10),
        ("37", -24), ("3818", -25), ("3863", -100), ("3903e7", -1000),
        ("f90000", .float(.half(0))), ("f93c00", .float(.half(0x3C00))), ("fa47c35000", .float(.single(0x47C3_5000))),
        ("fb3ff199999999999a", .float(.double(0x3FF1_9999_9999_999A))),
        ("f4", false), ("f5", true), ("f6", .null), ("f7", .simple(.undefined)),
        ("40", .bytes([])), ("4401020304", .bytes([1, 2, 3, 4])), ("60", ""), ("6161", "a"), ("6449455446", "IETF"),
        ("62225c", "\"\\"), ("62c3bc", "ü"), ("63e6b0b4", "水"), ("64f0908591", "𐅑"), ("80", []),
        ("83010203", [1, 2, 3]), ("8301820203820405", [1, [2, 3], [4, 5]]), ("a0", [:]), ("a201020304", [1: 2, 3: 4]),
        ("a26161016162820203", ["a": 1, "b": [2, 3]]), ("826161a161626163", ["a", ["b": "c"]]),
        ("a3613101623130026361616103", ["1": 1, "10": 2, "aaa": 3]),
        ("a50a011818022003f502f603", [10: 1, 24: 2, -1: 3, true: 2, .null: 3]),
    ]

    func roundTrip(hex: String, value: CBORValue) throws {
        let bytes = try #require([UInt8](hex: hex))
        #expect(CBOREncoder.encode(value).hex == hex)
        #expect(try CBORDecoder.decode(bytes) == value)
    }

    static let rejectionCases: [(String, CBORError)] = [
        ("", CBORError.truncated(at: 0)), ("18", .truncated(at: 1)), ("19ff", .truncated(at: 2)),
        ("1817", .notShortestForm(at: 0)), ("1900ff", .notShortestForm(at: 0)), ("1a0000ffff", .notShortestForm(at: 0)),
        ("1b00000000ffffffff", .notShortestForm(at: 0)), ("3817", .notShortestForm(at: 0)),
        ("5801ff", .notShortestForm(at: 0)), ("7801ff", .notShortestForm(at: 0)), ("980100", .notShortestForm(at: 0)),
        ("b8010000", .notShortestForm(at: 0)), ("f814", .notShortestForm(at: 0)), ("f81f", .notShortestForm(at: 0)),
        ("41", .truncated(at: 1)), ("5bffffffffffffffff", .truncated(at: 9)), ("7b7fffffffffffffff", .truncated(at: 9)),
        ("9bffffffffffffffff", .truncated(at: 9)), ("bbffffffffffffffff", .truncated(at: 9)),
        ("9affffffff", .truncated(at: 5)), ("8101ff", .trailingBytes(at: 2)), ("0000", .trailingBytes(at: 1)),
        ("5f41ffff", .indefiniteLength(at: 0)), ("7fff", .indefiniteLength(at: 0)), ("9fff", .indefiniteLength(at: 0)),
        ("bfff", .indefiniteLength(at: 0)), ("ff", .indefiniteLength(at: 0)), ("1c", .reserved(at: 0)),
        ("1d", .reserved(at: 0)), ("1e", .reserved(at: 0)), ("fc", .reserved(at: 0)), ("5c", .reserved(at: 0)),
        ("c000", .tag(at: 0)), ("81d81800", .tag(at: 1)), ("61ff", .invalidUTF8(at: 0)),
        ("62c328", .invalidUTF8(at: 0)),
        ("63eda080", .invalidUTF8(at: 0)), ("a201000100", .duplicateMapKey(at: 3)),
        ("a202000100", .mapKeyOutOfOrder(at: 3)), ("a220000100", .mapKeyOutOfOrder(at: 3)),
        ("a262616100616100", .mapKeyOutOfOrder(at: 5)), ("a1", .truncated(at: 1)), ("a101", .truncated(at: 2)),
        ("818181818100", .nestedTooDeeply(at: 4)), ("a100a100a100a100a10000", .nestedTooDeeply(at: 8)),
    ]

    @Test("What is not CTAP2 canonical CBOR is refused with its reason and place", arguments: rejectionCases)
    func rejection(hex: String, error: CBORError) throws {
        let bytes = try #require([UInt8](hex: hex))
        #expect(throws: error) { try CBORDecoder.decode(bytes) }
        #expect(!error.description.isEmpty)
    }

    static let orders: [(String, within: Bool)] = [
        // Two levels down, {"uv", "up"} as Firefox sends it; in an array; {1, 0} in a map of its own.
        ("a105a2627576f5627570f5", true), ("81a2627576f5627570f5", true), ("a100a100a201000000", true),
        // The canonical order is one of the possible.
        ("a105a2627570f5627576f5", true), ("a201000200", true), ("a0", true),
        // The outermost map is not meant.
        ("a202000100", false), ("a2627576f5627570f5", false),
    ]

    @Test("Where peers are known to mix it up, the order of keys within the outermost map is free", arguments: orders)
    func keyOrder(hex: String, within: Bool) throws {
        let bytes = try #require([UInt8](hex: hex))
        guard within else {
            #expect(throws: CBORError.self) { try CBORDecoder.decode(bytes, keyOrder: .anyWithin) }
            return
        }
        let value = try CBORDecoder.decode(bytes, keyOrder: .anyWithin)
        // What is encoded again is canonical.
        #expect(try CBORDecoder.decode(CBOREncoder.encode(value)) == value)
    }

    static let orderRejections: [(String, CBORError)] = [
        ("a105a2627576f5627576f5", .duplicateMapKey(at: 7)),
        ("a105a3627576f5627570f5627576f4", .duplicateMapKey(at: 11)),
        ("a205000100", .mapKeyOutOfOrder(at: 3)), ("a201000100", .duplicateMapKey(at: 3)),
        ("a105a2627576f5627570", .truncated(at: 10)), ("a105a218170000", .notShortestForm(at: 3)),
        ("a105a2627576f5627570f500", .trailingBytes(at: 11)), ("a100a100a100a100a10000", .nestedTooDeeply(at: 8)),
    ]

    @Test("A free order frees from nothing else", arguments: orderRejections)
    func orderRejection(hex: String, error: CBORError) throws {
        let bytes = try #require([UInt8](hex: hex))
        #expect(throws: error) { try CBORDecoder.decode(bytes, keyOrder: .anyWithin) }
    }

    @Test("Four levels of arrays and maps are accepted, more only where asked for")
    func depth() throws {
        #expect(try CBORDecoder.decode([0x81, 0x81, 0x81, 0x81, 0x00]) == [[[[0]]]])
        #expect(try CBORDecoder.decode([0x81, 0x81, 0x81, 0x81, 0x81, 0x00], maximumDepth: 5) == [[[[[0]]]]])
    }

    @Test("Every simple value but booleans, null and those without an encoding survives")
    func simpleValues() throws {
        for number in UInt8.min...UInt8.max {
            guard let value = CBORSimpleValue(rawValue: number) else {
                #expect((20...22).contains(number) || (24...31).contains(number))
                continue
            }
            let bytes: [UInt8] = number < 24 ? [0xE0 | number] : [0xF8, number]
            #expect(CBOREncoder.encode(.simple(value)) == bytes)
            #expect(try CBORDecoder.decode(bytes) == .simple(value))
        }
    }

    @Test("The encoder, too, keeps to four levels where it is asked to")
    func encodingDepth() throws {
        #expect(try CBOREncoder.encode([[[[0]]]], maximumDepth: 4) == [0x81, 0x81, 0x81, 0x81, 0x00])
        #expect(throws: CBORError.nestedTooDeeply(at: 4)) { try CBOREncoder.encode([[[[[0]]]]], maximumDepth: 4) }
    }

    @Test("A prefix tells how many bytes it took")
    func prefix() throws {
        let (value, count) = try CBORDecoder.decodePrefix(of: [0x82, 0x01, 0x02, 0xFF, 0xFF])
        #expect(value == [1, 2])
        #expect(count == 3)
    }

    @Test("A map keeps canonical order whatever order it is filled in")
    func mapOrder() throws {
        var map = CBORMap()
        for key: CBORValue in ["b", 256, "a", -1, 1, "aa", .bytes([0]), 0] { map[key] = .null }
        map[256] = 7
        #expect(map.entries.map(\.key) == [0, 1, 256, -1, .bytes([0]), "a", "b", "aa"])
        #expect(map[256] == 7)
        map["a"] = nil
        #expect(map["a"] == nil)
        #expect(map.count == 7)
        #expect(try CBORDecoder.decode(CBOREncoder.encode(.map(map))) == .map(map))
    }

    @Test("Whatever random bytes decode to encodes to those bytes again", arguments: [1, 2, 3, 4])
    func randomBytes(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<20_000 {
            let bytes = generator.bytes(Int.random(in: 0...24, using: &generator))
            guard let value = try? CBORDecoder.decode(bytes) else { continue }
            #expect(CBOREncoder.encode(value) == bytes, "seed \(seed), \(bytes.hex)")
        }
    }

    @Test("Accessors give a value only of their own kind, and integers only when they fit")
    func accessors() {
        #expect(CBORValue.unsigned(.max).integer == nil)
        #expect(CBORValue.negative(.max).integer == nil)
        #expect(CBORValue.negative(UInt64(Int.max)).integer == Int.min)
        #expect(CBORValue(Int.min) == .negative(UInt64(Int.max)))
        let all: [CBORValue] = [1, -1, .bytes([]), "", [], [:], true, .null, .simple(.undefined), .float(.half(0))]
        #expect(all.compactMap(\.unsigned).count == 1)
        #expect(all.compactMap(\.integer).count == 2)
        #expect(all.compactMap(\.bytes).count == 1)
        #expect(all.compactMap(\.text).count == 1)
        #expect(all.compactMap(\.array).count == 1)
        #expect(all.compactMap(\.map).count == 1)
        #expect(all.compactMap(\.boolean).count == 1)
    }

    @Test("Texts that only look the same are different values, as their encodings are")
    func textEquality() throws {
        let composed = CBORValue.text("\u{E9}")
        let decomposed = CBORValue.text("e\u{301}")
        #expect(composed != decomposed)
        #expect(CBOREncoder.encode(composed) != CBOREncoder.encode(decomposed))
        #expect(Set([composed, decomposed, composed]).count == 2)
        #expect(CBORValue.array([composed]) != .array([decomposed]))
        let map = try CBORDecoder.decode([0xA2, 0x62, 0xC3, 0xA9, 1, 0x63, 0x65, 0xCC, 0x81, 2])
        #expect(map.map?[composed] == 1)
        #expect(map.map?[decomposed] == 2)
    }

    @Test("Values are equal, and keys of maps in order, as their encodings are")
    func equalityAndOrder() {
        let values: [CBORValue] = [
            0, 1, 23, 24, 255, 256, .unsigned(.max), -1, -24, -25, .negative(.max), .bytes([]), .bytes([0]),
            .bytes([1]),
            .bytes([0, 0]), "", "a", "b", "aa", "\u{E9}", "e\u{301}", .text(String(repeating: "b", count: 23)),
            .text(String(repeating: "a", count: 24)), [], [1], [[1]], [:], [1: 2], [1: 3], false, true, .null,
            .simple(.undefined), .float(.half(0)), .float(.single(0)), .float(.double(0)),
        ]
        for left in values {
            for right in values {
                let (leftBytes, rightBytes) = (CBOREncoder.encode(left), CBOREncoder.encode(right))
                #expect((left == right) == (leftBytes == rightBytes))
                guard left != right else { continue }
                // CTAP 2.3 §8: the major type, then the length, then the bytes.
                let leftRank = [Int(leftBytes[0] >> 5), leftBytes.count] + leftBytes.map(Int.init)
                let rightRank = [Int(rightBytes[0] >> 5), rightBytes.count] + rightBytes.map(Int.init)
                let isInOrder = leftRank.lexicographicallyPrecedes(rightRank)
                var map = CBORMap()
                map[right] = 2
                map[left] = 1
                #expect(
                    map.entries.map(\.value) == (isInOrder ? [1, 2] : [2, 1]), "\(leftBytes.hex) \(rightBytes.hex)")
            }
        }
    }
}
