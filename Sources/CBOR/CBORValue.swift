/// One CBOR data item, as far as CTAP2 allows items (RFC 8949 without tags and without indefinite lengths).
///
/// Two values are equal exactly when their CTAP2 canonical encodings are.
public enum CBORValue: Hashable, Sendable {
    /// Major type 0.
    case unsigned(UInt64)
    /// Major type 1: the associated value is `-1 - n`, as on the wire, so that all 2⁶⁴ negative integers fit.
    case negative(UInt64)
    /// Major type 2.
    case bytes([UInt8])
    /// Major type 3; always valid UTF-8.
    case text(String)
    /// Major type 4.
    case array([CBORValue])
    /// Major type 5.
    case map(CBORMap)
    /// Major type 7, simple values 20 and 21.
    case boolean(Bool)
    /// Major type 7, simple value 22.
    case null
    /// Major type 7, any other simple value.
    case simple(CBORSimpleValue)
    /// Major type 7, a floating-point number, kept as its bits: CTAP2 forbids changing its width.
    case float(CBORFloat)

    /// An integer of either sign.
    public init(_ integer: Int) {
        self = integer < 0 ? .negative(UInt64(-1 - integer)) : .unsigned(UInt64(integer))
    }
}

extension CBORValue {
    /// Whether two values have the same encoding.
    ///
    /// Written out because `String` compares up to canonical equivalence: an é of one scalar and one of two are the same
    /// text there, but not the same bytes.
    public static func == (left: CBORValue, right: CBORValue) -> Bool {
        switch (left, right) {
        case (.unsigned(let left), .unsigned(let right)), (.negative(let left), .negative(let right)): left == right
        case (.bytes(let left), .bytes(let right)): left == right
        case (.text(let left), .text(let right)): left.utf8.elementsEqual(right.utf8)
        case (.array(let left), .array(let right)): left == right
        case (.map(let left), .map(let right)): left == right
        case (.boolean(let left), .boolean(let right)): left == right
        case (.null, .null): true
        case (.simple(let left), .simple(let right)): left == right
        case (.float(let left), .float(let right)): left == right
        default: false
        }
    }

    /// Hashes the encoding.
    public func hash(into hasher: inout Hasher) { hasher.combine(CBOREncoder.encode(self)) }

    /// The major type of its encoding (RFC 8949 §3.1).
    var majorType: UInt8 {
        switch self {
        case .unsigned: 0
        case .negative: 1
        case .bytes: 2
        case .text: 3
        case .array: 4
        case .map: 5
        case .boolean, .null, .simple, .float: 7
        }
    }
}

/// A simple value that is neither a boolean nor null (RFC 8949 §3.3).
public struct CBORSimpleValue: RawRepresentable, Hashable, Sendable {
    /// The number, 0–19, 23 or 32–255.
    public let rawValue: UInt8

    /// `undefined`.
    public static let undefined = CBORSimpleValue(checked: 23)

    /// Takes a number; `nil` for 20–22, which are booleans and null, and for 24–31, which have no encoding.
    public init?(rawValue: UInt8) {
        guard !(20...22).contains(rawValue), !(24...31).contains(rawValue) else { return nil }
        self.rawValue = rawValue
    }

    private init(checked rawValue: UInt8) { self.rawValue = rawValue }
}

/// The bits of a floating-point item in one of the three widths of RFC 8949.
public enum CBORFloat: Hashable, Sendable {
    /// 16 bits.
    case half(UInt16)
    /// 32 bits.
    case single(UInt32)
    /// 64 bits.
    case double(UInt64)
}

extension CBORValue {
    /// The integer, if this is one that fits in `Int`.
    public var integer: Int? {
        switch self {
        case .unsigned(let value): Int(exactly: value)
        case .negative(let value): Int(exactly: value).map { -1 - $0 }
        default: nil
        }
    }

    /// The non-negative integer, if this is one.
    public var unsigned: UInt64? {
        if case .unsigned(let value) = self { value } else { nil }
    }

    /// The byte string, if this is one.
    public var bytes: [UInt8]? {
        if case .bytes(let value) = self { value } else { nil }
    }

    /// The text string, if this is one.
    public var text: String? {
        if case .text(let value) = self { value } else { nil }
    }

    /// The array, if this is one.
    public var array: [CBORValue]? {
        if case .array(let value) = self { value } else { nil }
    }

    /// The map, if this is one.
    public var map: CBORMap? {
        if case .map(let value) = self { value } else { nil }
    }

    /// The boolean, if this is one.
    public var boolean: Bool? {
        if case .boolean(let value) = self { value } else { nil }
    }
}

extension CBORValue: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral, ExpressibleByBooleanLiteral {
    /// An integer literal.
    public init(integerLiteral value: Int) { self.init(value) }
    /// A text literal.
    public init(stringLiteral value: String) { self = .text(value) }
    /// A boolean literal.
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
}

extension CBORValue: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
    /// An array literal.
    public init(arrayLiteral elements: CBORValue...) { self = .array(elements) }

    /// A map literal; of two entries with one key the later wins.
    public init(dictionaryLiteral elements: (CBORValue, CBORValue)...) {
        var map = CBORMap()
        map.reserveCapacity(elements.count)
        for (key, value) in elements { map[key] = value }
        self = .map(map)
    }
}
