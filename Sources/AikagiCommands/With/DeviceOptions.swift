import ArgumentParser
import ProgramRunner

/// Which devices a program sees, and in which state the world around them is.
struct DeviceOptions: ParsableArguments {
    @Option(name: .customLong("key"), help: KeyArgument.help, transform: KeyArgument.init(argument:))
    var keys: [KeyArgument] = []

    @Option(name: .customLong("phone"), help: PhoneArgument.help, transform: PhoneArgument.init(argument:))
    var phones: [PhoneArgument] = []

    @Option(help: "The Bluetooth adapter: on, or off (until the program switches it on).")
    var adapter = Adapter.on

    @Option(help: "The program's way to the tunnel service: works, refuses, or silent.")
    var tunnel = Tunnel.works

    @Flag(help: "A screen of the program's own (Xvfb), even where there is one.")
    var virtualScreen = false

    @Flag(help: "With a phone: let the program reach this machine only (by the proxy variables of its environment).")
    var offline = false

    @Option(help: ArgumentHelp("Write what the devices do to this file, as JSON Lines.", valueName: "file"))
    var events: String?

    @Option(
        help: ArgumentHelp(
            "Write the roots of the devices' attestation certificates to this file (PEM), one after the other.",
            discussion: "A file is overwritten only if it holds such roots.", valueName: "file"))
    var attestationRoot: String?

    @OptionGroup var runDirectory: RunDirectoryOptions

    /// The adapter at first.
    enum Adapter: String, ExpressibleByArgument, CaseIterable, Sendable {
        case on, off
    }

    /// The connections to the tunnel service.
    enum Tunnel: String, ExpressibleByArgument, CaseIterable, Sendable {
        case works, refuses, silent

        var behaviour: HybridSurroundings.TunnelBehaviour {
            switch self {
            case .works: .works
            case .refuses: .refuses
            case .silent: .silent
            }
        }
    }

    /// Whether a phone answers at a Bluetooth adapter.
    var hasPhone: Bool { !phones.isEmpty }

    /// Refuses what is about a phone when there is none.
    func check() throws {
        if !hasPhone && (adapter == .off || tunnel != .works || offline) {
            throw ValidationError("--adapter, --tunnel and --offline are about a --phone; give one")
        }
        if attestationRoot != nil && phones.allSatisfy({ $0.attestation == nil })
            && keys.allSatisfy({ $0.kind == .phone })
        {
            throw ValidationError("--attestation-root needs a key, or a phone that attests (attestation=KINDS)")
        }
        if !hasPhone && keys.contains(where: { $0.kind == .phone }) {
            throw ValidationError(
                "--key phone needs a phone behind it; add --phone, or --phone manual to scan yourself")
        }
    }

    /// The keys with names of their own: of several with the same name each gets a number.
    var namedKeys: [KeyArgument] { DeviceOptions.numbered(keys, \.name) }

    /// The phones with names of their own.
    var namedPhones: [PhoneArgument] { DeviceOptions.numbered(phones, \.name) }

    private static func numbered<Device>(_ devices: [Device], _ name: WritableKeyPath<Device, String>) -> [Device] {
        var taken: Set<String> = []
        return devices.map { device in
            var device = device
            let plain = device[keyPath: name]
            var number = 1
            while !taken.insert(device[keyPath: name]).inserted {
                number += 1
                device[keyPath: name] = "\(plain) \(number)"
            }
            return device
        }
    }
}
