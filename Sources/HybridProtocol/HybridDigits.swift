/// The decimal encoding of bytes in a hybrid QR code (CTAP 2.3 §11.5.1).
///
/// Each 7-byte chunk, read as a little-endian integer, is written as 17 decimal digits; a shorter last chunk of 1 to 6
/// bytes as 3, 5, 8, 10, 13 or 15 digits. Digits fit the numeric mode of QR codes.
public enum HybridDigits {
    private static let chunkByteCount = 7

    /// Digits that a chunk of so many bytes (the index) takes.
    private static let digitCounts = [0, 3, 5, 8, 10, 13, 15, 17]

    /// The digits that spell some bytes.
    public static func encode(_ bytes: [UInt8]) -> String {
        var output = ""
        for start in stride(from: 0, to: bytes.count, by: chunkByteCount) {
            let chunk = bytes[start..<min(start + chunkByteCount, bytes.count)]
            let digits = String(chunk.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
            output += String(repeating: "0", count: digitCounts[chunk.count] - digits.count) + digits
        }
        return output
    }

    /// The bytes that digits spell.
    ///
    /// - Throws: an error for anything but ASCII digits, for a length that no bytes have, and for a group of digits
    /// above
    ///   what its bytes can hold.
    public static func decode(_ digits: some StringProtocol) throws(HybridDigitsError) -> [UInt8] {
        let values = digits.utf8.map { $0 &- UInt8(ascii: "0") }
        guard values.allSatisfy({ $0 < 10 }) else { throw .notADigit }
        var output: [UInt8] = []
        var rest = values[...]
        while !rest.isEmpty {
            let group = rest.prefix(17)
            rest = rest.dropFirst(17)
            guard let byteCount = digitCounts.firstIndex(of: group.count) else { throw .impossibleLength }
            // 17 digits are below 2⁶⁴.
            var value = group.reduce(UInt64(0)) { $0 * 10 + UInt64($1) }
            for _ in 0..<byteCount {
                output.append(UInt8(truncatingIfNeeded: value))
                value >>= 8
            }
            guard value == 0 else { throw .outOfRange }
        }
        return output
    }
}

/// Why the digits of a hybrid QR code were refused.
public enum HybridDigitsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is something else than ASCII decimal digits.
    case notADigit
    /// No number of bytes gives so many digits.
    case impossibleLength
    /// A group of digits is larger than its bytes can hold.
    case outOfRange

    /// A sentence for whoever scanned the code.
    public var description: String {
        switch self {
        case .notADigit: "the QR code has something else than digits after FIDO:/; scan it again"
        case .impossibleLength: "the QR code has a number of digits that no content gives; scan it again"
        case .outOfRange: "a group of digits in the QR code is out of range; scan it again"
        }
    }
}
