/// Writes CTAP2 canonical CBOR: definite lengths, shortest forms, map keys in canonical order.
///
/// Every value has an encoding. How deep a message may be is a rule of the message (CTAP 2.3 §8: four levels); a value that
/// is to be sent and comes from elsewhere is checked with ``encode(_:maximumDepth:)``.
public enum CBOREncoder {
    /// The encoding of one item.
    public static func encode(_ value: CBORValue) -> [UInt8] {
        var output: [UInt8] = []
        // Most messages are not longer, and growing costs more than the bytes.
        output.reserveCapacity(256)
        append(value, to: &output)
        return output
    }

    /// The encoding of one item, unless its arrays and maps are nested deeper than a peer would accept.
    ///
    /// - Throws: ``CBORError/nestedTooDeeply(at:)`` with the offset that a decoder would name.
    public static func encode(
        _ value: CBORValue, maximumDepth: Int
    ) throws(CBORError) -> [UInt8] {
        let bytes = encode(value)
        _ = try CBORDecoder.decode(bytes, maximumDepth: maximumDepth)
        return bytes
    }

    private static func append(_ value: CBORValue, to output: inout [UInt8]) {
        switch value {
        case .unsigned(let argument):
            appendHead(major: 0, argument, to: &output)
        case .negative(let argument):
            appendHead(major: 1, argument, to: &output)
        case .bytes(let bytes):
            appendHead(major: 2, UInt64(bytes.count), to: &output)
            output += bytes
        case .text(let text):
            let utf8 = text.utf8
            appendHead(major: 3, UInt64(utf8.count), to: &output)
            output += utf8
        case .array(let items):
            appendHead(major: 4, UInt64(items.count), to: &output)
            for item in items { append(item, to: &output) }
        case .map(let map):
            appendHead(major: 5, UInt64(map.count), to: &output)
            for entry in map.entries {
                append(entry.key, to: &output)
                append(entry.value, to: &output)
            }
        case .boolean(let flag):
            output.append(flag ? 0xF5 : 0xF4)
        case .null:
            output.append(0xF6)
        case .simple(let number):
            appendHead(major: 7, UInt64(number.rawValue), to: &output)
        case .float(.half(let bits)):
            output.append(0xF9)
            appendBigEndian(bits, to: &output)
        case .float(.single(let bits)):
            output.append(0xFA)
            appendBigEndian(bits, to: &output)
        case .float(.double(let bits)):
            output.append(0xFB)
            appendBigEndian(bits, to: &output)
        }
    }

    private static func appendHead(major: UInt8, _ argument: UInt64, to output: inout [UInt8]) {
        let type = major << 5
        switch argument {
        case 0..<24:
            output.append(type | UInt8(truncatingIfNeeded: argument))
        case 24...0xFF:
            output.append(type | 24)
            output.append(UInt8(truncatingIfNeeded: argument))
        case 0x100...0xFFFF:
            output.append(type | 25)
            appendBigEndian(UInt16(truncatingIfNeeded: argument), to: &output)
        case 0x1_0000...0xFFFF_FFFF:
            output.append(type | 26)
            appendBigEndian(UInt32(truncatingIfNeeded: argument), to: &output)
        default:
            output.append(type | 27)
            appendBigEndian(argument, to: &output)
        }
    }

    private static func appendBigEndian<Value: FixedWidthInteger>(_ value: Value, to output: inout [UInt8]) {
        for shift in stride(from: Value.bitWidth - 8, through: 0, by: -8) {
            output.append(UInt8(truncatingIfNeeded: value >> Value(shift)))
        }
    }
}
