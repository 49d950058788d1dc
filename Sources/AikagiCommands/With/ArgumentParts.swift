/// A device on the command line, taken apart: `KIND,name=value,flag`; each part once and optional, the kind first.
struct ArgumentParts {
    /// The first part, if it is no pair and no flag.
    let kind: String?
    /// The pairs.
    let values: [String: String]
    /// The words that stand alone.
    let flags: Set<String>

    /// - Returns: `nil` when a part is empty, unknown or there twice.
    init?(_ text: String, names: Set<String>, flags known: Set<String>) {
        var kind: String?
        var values: [String: String] = [:]
        var flags: Set<String> = []
        for (position, part) in text.split(separator: ",", omittingEmptySubsequences: false).enumerated() {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            if pair.count == 2 {
                guard names.contains(pair[0]), !pair[1].isEmpty, values.updateValue(pair[1], forKey: pair[0]) == nil
                else { return nil }
            } else if known.contains(String(part)) {
                guard flags.insert(String(part)).inserted else { return nil }
            } else if position == 0, !part.isEmpty {
                kind = String(part)
            } else {
                return nil
            }
        }
        self.kind = kind
        self.values = values
        self.flags = flags
    }
}
