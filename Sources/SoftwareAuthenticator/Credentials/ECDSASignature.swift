/// The encodings of an ECDSA signature.
enum ECDSASignature {
    /// `SEQUENCE { r INTEGER, s INTEGER }` in DER (RFC 3279 §2.2.3).
    ///
    /// Written out because the library's own way costs a tenth of the signature.
    ///
    /// - Parameter raw: r and s, big-endian, of the same length; up to 66 bytes each.
    static func der(raw: [UInt8]) -> [UInt8] {
        let (r, s) = (digits(raw.prefix(raw.count / 2)), digits(raw.suffix(raw.count / 2)))
        let byteCount = integerByteCount(r) + integerByteCount(s)
        var der: [UInt8] = []
        der.reserveCapacity(3 + byteCount)
        der.append(0x30)
        if byteCount >= 0x80 { der.append(0x81) }
        der.append(UInt8(truncatingIfNeeded: byteCount))
        appendInteger(r, to: &der)
        appendInteger(s, to: &der)
        return der
    }

    /// Without leading zeros; neither r nor s is zero.
    private static func digits(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> { bytes.drop { $0 == 0 } }

    /// Whether a zero must come first, so that it is not read as a negative number.
    private static func needsZero(_ digits: ArraySlice<UInt8>) -> Bool { digits.first ?? 0x80 >= 0x80 }

    /// How many bytes tag, length and number take.
    private static func integerByteCount(_ digits: ArraySlice<UInt8>) -> Int {
        2 + digits.count + (needsZero(digits) ? 1 : 0)
    }

    private static func appendInteger(_ digits: ArraySlice<UInt8>, to der: inout [UInt8]) {
        der.append(0x02)
        der.append(UInt8(truncatingIfNeeded: integerByteCount(digits) - 2))
        if needsZero(digits) { der.append(0) }
        der += digits
    }
}
