import CBOR

/// The parameters of a command or of a response: a CBOR map with integer keys, read with CTAP's status codes.
///
/// CTAP 2.3 §8: what is not canonical CBOR is CTAP2_ERR_INVALID_CBOR, a wrong type is CTAP2_ERR_CBOR_UNEXPECTED_TYPE, a
/// required member that is absent is CTAP2_ERR_MISSING_PARAMETER; unknown members are ignored.
struct ParameterMap {
    let map: CBORMap

    /// The outermost map is in canonical order, those within it need not be.
    ///
    /// Deviation from CTAP 2.3 §8: Firefox (checked with ESR 153) sends the options {"uv", "up"} of authenticatorGetAssertion
    /// in this order, and no security key minds.
    private static let keyOrder = CBORDecoder.KeyOrder.anyWithin

    /// Reads parameters.
    ///
    /// - Parameter keyOrder: canonical throughout where a part is authenticated as it came: encoding it again then yields
    ///   the same bytes.
    init(_ bytes: [UInt8], keyOrder: CBORDecoder.KeyOrder = keyOrder) throws(CTAPStatus) {
        guard let item = try? CBORDecoder.decode(bytes, keyOrder: keyOrder) else {
            throw .invalidCBOR  // one status covers every reason
        }
        guard let map = item.map else { throw .cborUnexpectedType }
        self.map = map
    }

    /// Reads parameters in which one extension's input may be nested a level deeper than a CTAP2 message may be.
    ///
    /// - Parameters:
    ///   - extensionIdentifier: the extension.
    ///   - key: the member that holds the extensions.
    init(_ bytes: [UInt8], deepExtension extensionIdentifier: String, under key: Int) throws(CTAPStatus) {
        // Mostly it is not.
        if let item = try? CBORDecoder.decode(bytes, keyOrder: ParameterMap.keyOrder) {
            guard let map = item.map else { throw .cborUnexpectedType }
            self.map = map
            return
        }
        guard
            let item = try? CBORDecoder.decode(
                bytes, maximumDepth: CBORDecoder.maximumDepth + 1, keyOrder: ParameterMap.keyOrder)
        else {
            throw .invalidCBOR  // one status covers every reason
        }
        // Everything but that input keeps to the rule.
        var rest = item
        if var map = item.map, var extensions = map[CBORValue(key)]?.map {
            extensions[.text(extensionIdentifier)] = nil
            map[CBORValue(key)] = .map(extensions)
            rest = .map(map)
        }
        do throws(CBORError) {
            _ = try CBOREncoder.encode(rest, maximumDepth: CBORDecoder.maximumDepth)
        } catch {
            throw .invalidCBOR
        }
        guard let map = item.map else { throw .cborUnexpectedType }
        self.map = map
    }

    func required<Value>(
        _ key: Int, _ read: (CBORValue) throws(CTAPStatus) -> Value
    ) throws(CTAPStatus) -> Value {
        guard let value = try optional(key, read) else { throw .missingParameter }
        return value
    }

    func optional<Value>(
        _ key: Int, _ read: (CBORValue) throws(CTAPStatus) -> Value
    ) throws(CTAPStatus) -> Value? {
        guard let item = map[CBORValue(key)] else { return nil }
        return try read(item)
    }
}

/// Readers of single members; each throws CTAP2_ERR_CBOR_UNEXPECTED_TYPE for another type.
enum Member {
    static func bytes(_ item: CBORValue) throws(CTAPStatus) -> [UInt8] { try unwrap(item.bytes) }
    static func text(_ item: CBORValue) throws(CTAPStatus) -> String { try unwrap(item.text) }
    static func unsigned(_ item: CBORValue) throws(CTAPStatus) -> UInt64 { try unwrap(item.unsigned) }
    static func integer(_ item: CBORValue) throws(CTAPStatus) -> Int { try unwrap(item.integer) }
    static func boolean(_ item: CBORValue) throws(CTAPStatus) -> Bool { try unwrap(item.boolean) }
    static func map(_ item: CBORValue) throws(CTAPStatus) -> CBORMap { try unwrap(item.map) }
    static func textArray(_ item: CBORValue) throws(CTAPStatus) -> [String] { try array(text)(item) }

    static func array<Element>(
        _ read: @escaping (CBORValue) throws(CTAPStatus) -> Element
    ) -> (CBORValue) throws(CTAPStatus) -> [Element] {
        { (item) throws(CTAPStatus) in
            var elements: [Element] = []
            for element in try unwrap(item.array) { elements.append(try read(element)) }
            return elements
        }
    }

    static func optional<Value>(
        _ key: CBORValue, in map: CBORMap, _ read: (CBORValue) throws(CTAPStatus) -> Value
    ) throws(CTAPStatus) -> Value? {
        guard let item = map[key] else { return nil }
        return try read(item)
    }

    static func unwrap<Value>(_ value: Value?) throws(CTAPStatus) -> Value {
        guard let value else { throw .cborUnexpectedType }
        return value
    }
}
