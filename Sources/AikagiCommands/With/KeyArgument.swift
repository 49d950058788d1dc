import ArgumentParser
import SoftwareAuthenticator

/// A security key on the command line: `FLAVOUR[,name=NAME][,gate=GATE][,store=FILE]`, each part once and optional.
struct KeyArgument: ExpressibleByArgument, Sendable {
    /// The device it stands in for.
    var flavour = Flavour.securityKey
    /// What programs show as the product's name.
    var name = "Aikagi security key"
    /// The person who touches it.
    var gate = GateArgument.approve
    /// Where its credentials are kept; in memory when absent.
    var store: String?

    static let help = ArgumentHelp(
        "A key that the program sees: security-key or platform, then name=NAME, gate=GATE, store=FILE.",
        discussion: """
            Parts are separated by commas, and each may be left out; --key alone is a security key in memory whose person \
            approves everything. A security key only tests presence; platform is a fingerprint reader that verifies the \
            user. Gates: approve, deny, ask, delay:SECONDS. May be given several times.
            """, valueName: "key")

    /// What `--key` without a value means.
    static let plain = "security-key"

    init?(argument: String) {
        var given: Set<String> = []
        for (position, part) in argument.split(separator: ",", omittingEmptySubsequences: false).enumerated() {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            if pair.count == 1, position == 0 {
                switch part {
                case "security-key": flavour = .securityKey
                case "platform":
                    flavour = .platform
                    name = "Aikagi fingerprint reader"
                default: return nil
                }
                continue
            }
            guard let key = pair.first, let value = pair.last, pair.count == 2, !value.isEmpty,
                given.insert(key).inserted
            else { return nil }
            switch key {
            case "name":
                guard value.utf8.count <= 100 else { return nil }
                name = value
            case "gate":
                guard let gate = GateArgument(argument: value) else { return nil }
                self.gate = gate
            case "store": store = value
            default: return nil
            }
        }
    }
}
