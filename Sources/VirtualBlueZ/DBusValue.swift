/// A value of D-Bus's type system (D-Bus Specification, "Type System").
///
/// File descriptors are left out: nothing here passes any.
indirect enum DBusValue: Hashable, Sendable {
    case byte(UInt8)
    case boolean(Bool)
    case int16(Int16)
    case uint16(UInt16)
    case int32(Int32)
    case uint32(UInt32)
    case int64(Int64)
    case uint64(UInt64)
    case double(Double)
    case string(String)
    case objectPath(String)
    case signature(String)
    /// Elements, and the signature of one of them, which an empty array has as well.
    case array(of: String, [DBusValue])
    case structure([DBusValue])
    /// Key and value; only ever an element of an array.
    case entry(DBusValue, DBusValue)
    case variant(DBusValue)

    /// The type, for example `a{sv}`.
    var signature: String {
        switch self {
        case .byte: "y"
        case .boolean: "b"
        case .int16: "n"
        case .uint16: "q"
        case .int32: "i"
        case .uint32: "u"
        case .int64: "x"
        case .uint64: "t"
        case .double: "d"
        case .string: "s"
        case .objectPath: "o"
        case .signature: "g"
        case .array(let element, _): "a" + element
        case .structure(let fields): "(" + fields.map(\.signature).joined() + ")"
        case .entry(let key, let value): "{" + key.signature + value.signature + "}"
        case .variant: "v"
        }
    }

    /// The text of a string or an object path.
    var text: String? {
        switch self {
        case .string(let text), .objectPath(let text): text
        default: nil
        }
    }

    /// The content of a variant, through all layers of them.
    var content: DBusValue {
        var value = self
        while case .variant(let inner) = value { value = inner }
        return value
    }

    /// The entries of a dictionary whose keys are strings or object paths; the last of equal keys counts.
    var dictionary: [String: DBusValue]? {
        guard case .array(_, let elements) = self else { return nil }
        var dictionary: [String: DBusValue] = [:]
        for element in elements {
            guard case .entry(let key, let value) = element, let key = key.text else { return nil }
            dictionary[key] = value
        }
        return dictionary
    }

    /// An array of strings.
    static func strings(_ texts: [String]) -> DBusValue { .array(of: "s", texts.map { .string($0) }) }

    /// An array of bytes.
    static func bytes(_ bytes: [UInt8]) -> DBusValue { .array(of: "y", bytes.map { .byte($0) }) }

    /// A dictionary of variants by name, in the order of the names: the form of all properties.
    static func properties(_ properties: [String: DBusValue]) -> DBusValue {
        .array(of: "{sv}", properties.sorted { $0.key < $1.key }.map { .entry(.string($0.key), .variant($0.value)) })
    }

    /// The properties of several interfaces: `a{sa{sv}}`.
    static func interfaces(_ interfaces: [String: [String: DBusValue]]) -> DBusValue {
        .array(
            of: "{sa{sv}}",
            interfaces.sorted { $0.key < $1.key }.map { .entry(.string($0.key), .properties($0.value)) })
    }
}
