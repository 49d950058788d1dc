public import CBOR

/// The output of the extension `prf` as phones give it, among the outputs that are not signed.
///
///     {"enabled"?: bool, "results"?: values}      values: see PRFValues
public struct PRFOutput: Hashable, Sendable {
    /// Whether the new credential has a pseudo-random function; only in authenticatorMakeCredential.
    public var isEnabled: Bool?
    /// What it has made of the salts.
    public var results: PRFValues?

    /// Puts the parts together.
    public init(isEnabled: Bool? = nil, results: PRFValues? = nil) {
        self.isEnabled = isEnabled
        self.results = results
    }

    /// Reads the map; what is thrown names the kind of defect.
    public init(ctap item: CBORValue) throws(CTAPStatus) {
        let map = try Member.map(item)
        isEnabled = try Member.optional("enabled", in: map, Member.boolean)
        results = try Member.optional("results", in: map, PRFValues.init(ctap:))
    }

    /// The map.
    public var ctap: CBORValue {
        var map = CBORMap()
        map["enabled"] = isEnabled.map(CBORValue.boolean)
        map["results"] = results?.ctap
        return .map(map)
    }
}
