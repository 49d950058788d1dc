/// Why bytes were refused as CTAP2 canonical CBOR; the associated values are byte offsets into the input.
public enum CBORError: Error, Hashable, Sendable {
    /// The input ends inside an item.
    case truncated(at: Int)
    /// Bytes follow the item.
    case trailingBytes(at: Int)
    /// An integer, length or simple value is not in its shortest form.
    case notShortestForm(at: Int)
    /// An indefinite length, or a "break" outside of one.
    case indefiniteLength(at: Int)
    /// Additional information 28–30, which RFC 8949 reserves.
    case reserved(at: Int)
    /// A semantic tag (major type 6).
    case tag(at: Int)
    /// A text string that is not UTF-8.
    case invalidUTF8(at: Int)
    /// A map key that does not follow its predecessor in canonical order.
    case mapKeyOutOfOrder(at: Int)
    /// A map key that occurs twice.
    case duplicateMapKey(at: Int)
    /// Arrays and maps nested deeper than the limit.
    case nestedTooDeeply(at: Int)
}

extension CBORError: CustomStringConvertible {
    /// A sentence for a developer.
    public var description: String {
        switch self {
        case .truncated(let offset): "the CBOR ends at byte \(offset), inside an item"
        case .trailingBytes(let offset): "unexpected bytes follow the CBOR item, from byte \(offset) on"
        case .notShortestForm(let offset): "the CBOR item at byte \(offset) is not in its shortest form"
        case .indefiniteLength(let offset): "the CBOR item at byte \(offset) has an indefinite length"
        case .reserved(let offset): "the CBOR item at byte \(offset) uses a reserved encoding"
        case .tag(let offset): "the CBOR item at byte \(offset) is a tag, which CTAP2 forbids"
        case .invalidUTF8(let offset): "the text string at byte \(offset) is not UTF-8"
        case .mapKeyOutOfOrder(let offset): "the map key at byte \(offset) is not in canonical order"
        case .duplicateMapKey(let offset): "the map key at byte \(offset) occurs twice"
        case .nestedTooDeeply(let offset): "the CBOR item at byte \(offset) is nested too deeply"
        }
    }
}
