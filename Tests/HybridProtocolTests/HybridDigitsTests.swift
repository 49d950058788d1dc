import TestSupport
import Testing

@testable import HybridProtocol

@Suite struct HybridDigitsTests {
    @Test("published digits", arguments: try HybridVector.group("digits"))
    func vector(_ vector: HybridVector) throws {
        if vector.inputs["bytes"] != nil {
            let bytes = try vector.inputs.bytes("bytes")
            let digits = try #require(vector.outputs["digits"]?.string)
            #expect(HybridDigits.encode(bytes) == digits)
            #expect(try HybridDigits.decode(digits) == bytes)
        } else {
            let digits = try #require(vector.inputs["digits"]?.string)
            let name = try #require(vector.outputs["error"]?.string)
            let errors: [String: HybridDigitsError] = [
                "length": .impossibleLength, "range": .outOfRange, "digit": .notADigit,
            ]
            #expect(throws: try #require(errors[name])) { try HybridDigits.decode(digits) }
        }
    }

    @Test("every length survives a round trip")
    func roundTrip() throws {
        var generator = SeededGenerator(seed: 1)
        for count in 0..<100 {
            let bytes = generator.bytes(count)
            #expect(try HybridDigits.decode(HybridDigits.encode(bytes)) == bytes)
        }
    }

    @Test("each chunk takes all values up to its greatest and none above", arguments: 1...7)
    func chunkLimits(byteCount: Int) throws {
        let greatest = HybridDigits.encode([UInt8](repeating: 0xFF, count: byteCount))
        let value = try #require(UInt64(greatest))
        let above = String(value + 1)
        #expect(try HybridDigits.decode(greatest) == [UInt8](repeating: 0xFF, count: byteCount))
        #expect(throws: HybridDigitsError.outOfRange) {
            try HybridDigits.decode(String(repeating: "0", count: greatest.count - above.count) + above)
        }
    }
}
