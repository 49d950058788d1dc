import HIDTransport

/// Options that may stand without a value, which the argument parser does not know: `--key` is `--key security-key`.
///
/// Only for the commands that have them.
enum BareOptions {
    private static let devices = ["--key": KeyArgument.plain, "--phone": PhoneArgument.plain]
    private static let commands = [
        "with": devices, "browser": devices,
        "key": ["--udp": "\(DatagramDoor.customaryPort)", "--tcp": "\(StreamDoor.customaryPort)"],
    ]

    /// The arguments with the values that were left out; what follows `--` belongs to another program and is untouched.
    static func expand(_ arguments: [String]) -> [String] {
        guard let command = arguments.first, let values = commands[command] else { return arguments }
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
