public import CBOR

/// The input of the extension `prf` as phones take it: WebAuthn's own (Level 3 §10.1.4), with salts in place of what the page
/// gave, in the clear inside the hybrid transport's tunnel.
///
///     {"eval"?: values, "evalByCredential"?: {credential ID (bstr): values}}      values: see PRFValues
///
/// No specification describes this form; it is what Chromium sends to a phone whose authenticatorGetInfo lists `prf`.
public struct PRFInput: Hashable, Sendable {
    /// The extension's identifier.
    public static let identifier = "prf"

    /// The salts for every credential that has none of its own.
    public var eval: PRFValues?
    /// The salts for certain credentials, by credential ID; only in authenticatorGetAssertion.
    public var evalByCredential: [[UInt8]: PRFValues]

    /// Puts the parts together.
    public init(eval: PRFValues? = nil, evalByCredential: [[UInt8]: PRFValues] = [:]) {
        self.eval = eval
        self.evalByCredential = evalByCredential
    }

    /// Reads the map; what it has beyond these members is ignored.
    ///
    /// - Throws: CTAP2_ERR_CBOR_UNEXPECTED_TYPE for a member of another type, CTAP1_ERR_INVALID_PARAMETER for an empty
    ///   credential ID, and what ``PRFValues/init(ctap:)`` throws.
    public init(ctap item: CBORValue) throws(CTAPStatus) {
        let map = try Member.map(item)
        eval = try Member.optional("eval", in: map, PRFValues.init(ctap:))
        evalByCredential = [:]
        for entry in try Member.optional("evalByCredential", in: map, Member.map)?.entries ?? [] {
            let id = try Member.bytes(entry.key)
            guard !id.isEmpty else { throw .invalidParameter }
            evalByCredential[id] = try PRFValues(ctap: entry.value)
        }
    }

    /// The map.
    public var ctap: CBORValue {
        var map = CBORMap()
        map["eval"] = eval?.ctap
        if !evalByCredential.isEmpty {
            var byCredential = CBORMap()
            for (id, values) in evalByCredential { byCredential[.bytes(id)] = values.ctap }
            map["evalByCredential"] = .map(byCredential)
        }
        return .map(map)
    }

    /// The salts for a credential: its own, or else those for all.
    public func salts(credentialID: [UInt8]) -> PRFValues? { evalByCredential[credentialID] ?? eval }
}
