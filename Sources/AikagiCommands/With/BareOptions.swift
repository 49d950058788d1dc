/// Options that may stand without a value, which the argument parser does not know: `--key` is `--key security-key`.
///
/// Only for the commands that have them.
enum BareOptions {
    private static let values = ["--key": KeyArgument.plain, "--phone": PhoneArgument.plain]
    private static let commands: Set<String> = ["with", "browser"]

    /// The arguments with the values that were left out; what follows `--` belongs to another program and is untouched.
    static func expand(_ arguments: [String]) -> [String] {
        guard let command = arguments.first, commands.contains(command) else { return arguments }
        var expanded: [String] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            expanded.append(argument)
            if argument == "--" { return expanded + rest }
            guard let value = values[argument] else { continue }
            if rest.first.map({ $0.hasPrefix("-") || $0.contains("://") }) ?? true { expanded.append(value) }
        }
        return expanded
    }
}
