import ArgumentParser

/// A device on the command line, taken apart: `KIND,name=value,flag`; each part once and optional, the kind first.
struct ArgumentParts {
    /// The first part, if it is no pair and no flag.
    let kind: String?
    /// The pairs.
    let values: [String: String]
    /// The words that stand alone.
    let flags: Set<String>

    /// Takes a text apart.
    ///
    /// - Throws: A sentence that names the part that is empty, unknown, there twice or, of `kinds`, not the first.
    init(
        _ text: String, names: [String], flags known: [String], kinds: [String] = []
    ) throws(ValidationError) {
        var kind: String?
        var values: [String: String] = [:]
        var flags: Set<String> = []
        for (position, part) in text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            .enumerated()
        {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            if pair.count == 2 {
                guard names.contains(pair[0]) else {
                    throw ValidationError(
                        "there is no '\(pair[0])=' here; there are \(names.map { $0 + "=" }.joined(separator: ", "))")
                }
                guard !pair[1].isEmpty else { throw ValidationError("nothing follows '\(part)'; give a value") }
                guard values.updateValue(pair[1], forKey: pair[0]) == nil else {
                    throw ValidationError("'\(pair[0])=' is there twice; give it once")
                }
            } else if known.contains(part) {
                guard flags.insert(part).inserted else {
                    throw ValidationError("'\(part)' is there twice; give it once")
                }
            } else if position == 0, !part.isEmpty {
                kind = part
            } else if part.isEmpty {
                throw ValidationError("a part is empty; leave out the comma as well")
            } else if kinds.contains(part) {
                throw ValidationError("'\(part)' is a kind, and the kind comes first and once: \(part),…")
            } else {
                let words = known + names.map { $0 + "=…" }
                throw ValidationError("'\(part)' is not known here; there are \(words.joined(separator: ", "))")
            }
        }
        self.kind = kind
        self.values = values
        self.flags = flags
    }

    /// The name that it gives, if it does.
    ///
    /// - Throws: A sentence for one that no report descriptor or JSON line should carry.
    func name() throws(ValidationError) -> String? {
        guard let name = values["name"] else { return nil }
        guard name.utf8.count <= 100 else { throw ValidationError("the name is too long; 100 bytes are enough") }
        return name
    }

    /// The algorithms that it gives, separated by `+`, if it does.
    func algorithms() throws(ValidationError) -> AlgorithmList? {
        guard let text = values["algorithms"] else { return nil }
        return try AlgorithmList(text, separator: "+")
    }

    /// The kinds of attestation that it gives, separated by `+`, if it does.
    func attestation() throws(ValidationError) -> AttestationList? {
        guard let text = values["attestation"] else { return nil }
        return try AttestationList(text, separator: "+")
    }

    /// The gate that it gives, if it does.
    func gate() throws(ValidationError) -> GateArgument? {
        guard let text = values["gate"] else { return nil }
        guard let gate = GateArgument(argument: text) else {
            throw ValidationError(
                "there is no gate '\(text)'; there are \(GateArgument.allValueStrings.joined(separator: ", "))")
        }
        return gate
    }

    /// The store that it gives, if it does.
    ///
    /// - Throws: A sentence for a passphrase that is for no store.
    func store() throws(ValidationError) -> StoreAccess? {
        guard let path = values["store"] else {
            guard values["passphrase-file"] == nil else {
                throw ValidationError("'passphrase-file=' is for a store; add 'store='")
            }
            return nil
        }
        return StoreAccess(path: path, passphraseFile: values["passphrase-file"])
    }

    /// What is said of a first part that is no kind of device.
    static func unknownKind(_ kind: String, known: [String]) -> ValidationError {
        ValidationError(
            "there is no kind '\(kind)', there are \(known.joined(separator: ", ")); a program to run goes behind '--'")
    }
}
