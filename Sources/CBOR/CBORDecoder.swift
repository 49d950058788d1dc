/// Reads CTAP2 canonical CBOR and refuses everything else (CTAP 2.3 §8, message encoding).
///
/// Refused, each with its own ``CBORError``:
/// - indefinite lengths, tags, reserved encodings (simplicity; a signature must have one encoding);
/// - integers, lengths and simple values that are not in their shortest form;
/// - map keys out of canonical order or repeated;
/// - text that is not UTF-8;
/// - nesting deeper than ``maximumDepth`` levels of arrays and maps;
/// - input that ends early, and bytes after the item.
///
/// A length is compared with what is left of the input before anything is allocated for it.
public struct CBORDecoder {
    /// Levels of arrays and maps that CTAP2 messages may have.
    public static let maximumDepth = 4

    /// In which order the keys of maps may come; they are distinct in any case.
    public enum KeyOrder: Hashable, Sendable {
        /// In canonical order.
        case canonical
        /// In any order in maps within maps, in canonical order in the outermost.
        case anyWithin
    }

    private let input: ArraySlice<UInt8>
    private var position: Int
    private let maximumDepth: Int
    private let keyOrder: KeyOrder

    /// Decodes one item that must be the whole input.
    ///
    /// - Parameters:
    ///   - maximumDepth: more than the default only for structures that are not CTAP2 messages.
    ///   - keyOrder: another than the canonical one only where peers are known to send it.
    public static func decode(
        _ input: some Sequence<UInt8>, maximumDepth: Int = maximumDepth, keyOrder: KeyOrder = .canonical
    ) throws(CBORError) -> CBORValue {
        var decoder = CBORDecoder(Array(input)[...], maximumDepth: maximumDepth, keyOrder: keyOrder)
        let value = try decoder.item(depth: 0)
        guard decoder.position == decoder.input.endIndex else {
            throw .trailingBytes(at: decoder.offset)
        }
        return value
    }

    /// Decodes the item at the start of the input and says how many bytes it took.
    public static func decodePrefix(
        of input: some Sequence<UInt8>, maximumDepth: Int = maximumDepth
    ) throws(CBORError) -> (value: CBORValue, byteCount: Int) {
        var decoder = CBORDecoder(Array(input)[...], maximumDepth: maximumDepth)
        let value = try decoder.item(depth: 0)
        return (value, decoder.offset)
    }

    private init(_ input: ArraySlice<UInt8>, maximumDepth: Int, keyOrder: KeyOrder = .canonical) {
        self.keyOrder = keyOrder
        self.input = input
        self.position = input.startIndex
        self.maximumDepth = maximumDepth
    }

    private var offset: Int { position - input.startIndex }

    private mutating func item(depth: Int) throws(CBORError) -> CBORValue {
        let start = offset
        let initial = try byte()
        let information = initial & 0x1F
        switch initial >> 5 {
        case 0:
            return .unsigned(try argument(information, start: start))
        case 1:
            return .negative(try argument(information, start: start))
        case 2:
            return .bytes(Array(try string(information, start: start)))
        case 3:
            guard let text = String(validating: try string(information, start: start), as: UTF8.self) else {
                throw .invalidUTF8(at: start)
            }
            return .text(text)
        case 4:
            return .array(try array(information, start: start, depth: depth))
        case 5:
            return .map(try map(information, start: start, depth: depth))
        case 6:
            throw .tag(at: start)
        default:
            return try simpleOrFloat(information, start: start)
        }
    }

    private mutating func array(
        _ information: UInt8, start: Int, depth: Int
    ) throws(CBORError) -> [CBORValue] {
        let count = try argument(information, start: start)
        guard depth < maximumDepth else { throw .nestedTooDeeply(at: start) }
        // Every element takes at least one byte.
        guard count <= UInt64(remaining) else { throw .truncated(at: input.count) }
        var items: [CBORValue] = []
        items.reserveCapacity(CBORDecoder.capacity(count))
        for _ in 0..<count { items.append(try item(depth: depth + 1)) }
        return items
    }

    private mutating func map(
        _ information: UInt8, start: Int, depth: Int
    ) throws(CBORError) -> CBORMap {
        let count = try argument(information, start: start)
        guard depth < maximumDepth else { throw .nestedTooDeeply(at: start) }
        // Every entry takes at least two bytes.
        guard count <= UInt64(remaining / 2) else { throw .truncated(at: input.count) }
        var map = CBORMap()
        map.reserveCapacity(CBORDecoder.capacity(count))
        for _ in 0..<count {
            let keyOffset = offset
            let key = try item(depth: depth + 1)
            if let previous = map.entries.last?.key, !CBORMap.precedes(previous, key) {
                guard keyOrder == .anyWithin, depth > 0 else {
                    throw previous == key ? .duplicateMapKey(at: keyOffset) : .mapKeyOutOfOrder(at: keyOffset)
                }
                guard map[key] == nil else { throw .duplicateMapKey(at: keyOffset) }
                map[key] = try item(depth: depth + 1)
                continue
            }
            map.append(key: key, value: try item(depth: depth + 1))
        }
        return map
    }

    /// For how many items room is made in advance: for those of usual messages, and not for what somebody only announces.
    private static func capacity(_ count: UInt64) -> Int { Int(truncatingIfNeeded: min(count, 16)) }

    private mutating func simpleOrFloat(_ information: UInt8, start: Int) throws(CBORError) -> CBORValue {
        switch information {
        case 20: return .boolean(false)
        case 21: return .boolean(true)
        case 22: return .null
        case 0..<24: return .simple(try simple(information, start: start))
        case 24:
            let number = try byte()
            guard number >= 32 else { throw .notShortestForm(at: start) }
            return .simple(try simple(number, start: start))
        case 25: return .float(.half(try bigEndian()))
        case 26: return .float(.single(try bigEndian()))
        case 27: return .float(.double(try bigEndian()))
        case 31: throw .indefiniteLength(at: start)
        default: throw .reserved(at: start)
        }
    }

    private func simple(_ number: UInt8, start: Int) throws(CBORError) -> CBORSimpleValue {
        guard let value = CBORSimpleValue(rawValue: number) else { throw .reserved(at: start) }
        return value
    }

    /// The argument of an item's head, refused unless in its shortest form.
    private mutating func argument(_ information: UInt8, start: Int) throws(CBORError) -> UInt64 {
        switch information {
        case 0..<24:
            return UInt64(information)
        case 24:
            return try shortest(UInt64(try byte()), atLeast: 24, start: start)
        case 25:
            return try shortest(UInt64(try bigEndian() as UInt16), atLeast: 0x100, start: start)
        case 26:
            return try shortest(UInt64(try bigEndian() as UInt32), atLeast: 0x1_0000, start: start)
        case 27:
            return try shortest(try bigEndian(), atLeast: 0x1_0000_0000, start: start)
        case 31:
            throw .indefiniteLength(at: start)
        default:
            throw .reserved(at: start)
        }
    }

    private func shortest(_ value: UInt64, atLeast minimum: UInt64, start: Int) throws(CBORError) -> UInt64 {
        guard value >= minimum else { throw .notShortestForm(at: start) }
        return value
    }

    private mutating func string(_ information: UInt8, start: Int) throws(CBORError) -> ArraySlice<UInt8> {
        let length = try argument(information, start: start)
        guard length <= UInt64(remaining), let count = Int(exactly: length) else {
            throw .truncated(at: input.count)
        }
        defer { position += count }
        return input[position..<(position + count)]
    }

    private var remaining: Int { input.endIndex - position }

    private mutating func byte() throws(CBORError) -> UInt8 {
        guard position < input.endIndex else { throw .truncated(at: input.count) }
        defer { position += 1 }
        return input[position]
    }

    private mutating func bigEndian<Value: FixedWidthInteger>() throws(CBORError) -> Value {
        var value: Value = 0
        for _ in 0..<(Value.bitWidth / 8) { value = value << 8 | Value(try byte()) }
        return value
    }
}
