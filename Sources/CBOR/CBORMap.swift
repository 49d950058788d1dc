/// A CBOR map whose entries are always in CTAP2 canonical order and whose keys are distinct.
///
/// Canonical order (CTAP 2.3 §8, message encoding): lower major type first, then the shorter encoding of the key, then
/// bytewise.
public struct CBORMap: Hashable, Sendable {
    /// One entry.
    public struct Entry: Hashable, Sendable {
        /// The key.
        public let key: CBORValue
        /// The value.
        public let value: CBORValue
        let encodedKey: [UInt8]
    }

    /// The entries in canonical order.
    public private(set) var entries: [Entry] = []

    /// An empty map.
    public init() {}

    /// The number of entries.
    public var count: Int { entries.count }

    /// Whether there is no entry.
    public var isEmpty: Bool { entries.isEmpty }

    /// The value under a key; setting `nil` removes the entry.
    public subscript(key: CBORValue) -> CBORValue? {
        get {
            let encoded = CBOREncoder.encode(key)
            return entries.first { $0.encodedKey == encoded }?.value
        }
        set {
            let encoded = CBOREncoder.encode(key)
            let position = entries.firstIndex { !CBORMap.precedes($0.encodedKey, encoded) } ?? entries.endIndex
            let exists = position < entries.endIndex && entries[position].encodedKey == encoded
            if exists { entries.remove(at: position) }
            if let newValue {
                entries.insert(Entry(key: key, value: newValue, encodedKey: encoded), at: position)
            }
        }
    }

    /// Appends an entry whose key the decoder has already found to follow all others.
    mutating func append(key: CBORValue, encodedKey: [UInt8], value: CBORValue) {
        entries.append(Entry(key: key, value: value, encodedKey: encodedKey))
    }

    /// Whether one encoded key comes strictly before another in canonical order.
    static func precedes(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Bool {
        let leftMajor = (left.first ?? 0) >> 5
        let rightMajor = (right.first ?? 0) >> 5
        if leftMajor != rightMajor { return leftMajor < rightMajor }
        if left.count != right.count { return left.count < right.count }
        return left.lexicographicallyPrecedes(right)
    }
}
