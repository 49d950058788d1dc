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
            // The usual keys are told apart at a glance.
            guard case .unsigned(let number) = key else { return entries.first { $0.key == key }?.value }
            for entry in entries { if case .unsigned(number) = entry.key { return entry.value } }
            return nil
        }
        set {
            // Mostly in order, and then there is nothing to look for.
            if let newValue, entries.last.map({ CBORMap.precedes($0.key, key) }) ?? true {
                return append(key: key, value: newValue)
            }
            let position = entries.firstIndex { !CBORMap.precedes($0.key, key) } ?? entries.endIndex
            if position < entries.endIndex, entries[position].key == key { entries.remove(at: position) }
            if let newValue { entries.insert(Entry(key: key, value: newValue), at: position) }
        }
    }

    /// Makes room for entries.
    mutating func reserveCapacity(_ count: Int) { entries.reserveCapacity(count) }

    /// Appends an entry whose key has already been found to follow all others.
    mutating func append(key: CBORValue, value: CBORValue) { entries.append(Entry(key: key, value: value)) }

    /// Whether one key comes strictly before another in canonical order.
    static func precedes(_ left: CBORValue, _ right: CBORValue) -> Bool {
        switch (left, right) {
        // Of two numbers the smaller one has the shorter encoding, if they differ in that; so has the shorter of two texts.
        case (.unsigned(let left), .unsigned(let right)), (.negative(let left), .negative(let right)):
            return left < right
        case (.text(let left), .text(let right)):
            let (left, right) = (left.utf8, right.utf8)
            return left.count == right.count ? left.lexicographicallyPrecedes(right) : left.count < right.count
        default:
            guard left.majorType == right.majorType else { return left.majorType < right.majorType }
            let (left, right) = (CBOREncoder.encode(left), CBOREncoder.encode(right))
            return left.count == right.count ? left.lexicographicallyPrecedes(right) : left.count < right.count
        }
    }
}
