/// Options that may stand without a value, which the argument parser does not know: `--key` is `--key security-key`.
enum BareOptions {
    private static let values = ["--key": KeyArgument.plain]

    /// The arguments with the values that were left out; what follows `--` belongs to another program and is untouched.
    static func expand(_ arguments: [String]) -> [String] {
        var expanded: [String] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            expanded.append(argument)
            if argument == "--" { return expanded + rest }
            guard let value = values[argument] else { continue }
            if rest.first.map({ $0.hasPrefix("-") }) ?? true { expanded.append(value) }
        }
        return expanded
    }
}
