import ArgumentParser
import CredentialStorage
import HIDTransport
import SoftwareAuthenticator
import UnixSignals

/// `aikagi key`.
struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Run a security key that programs and test suites reach over sockets or a terminal.",
        discussion: """
            The doors carry CTAPHID reports of 64 bytes; all of them lead to the same authenticator:
              --udp   a datagram for each report; answers go to where the client sends from
              --tcp   each report behind its length, 16 bits, big-endian (00 40)
              --unix  a stream socket, reports one after the other
              --pty   a terminal, whose name is printed: fido2-token -I /dev/pts/N

            All clients of a UDP port share one CTAPHID device; each connection has one of its own, and so has each \
            program that opens the terminal. Authenticator and person are the same for all: one request at a time.

            SIGHUP takes the power away and gives it back, and so does the datagram customary for that (64 bytes that \
            begin with ac1052ca).

            Examples:
              aikagi key --udp --tcp                         at 8111 and 35962
              aikagi key --pty --store my-key.sqlite --gate ask
              aikagi key --udp 0 --unix /tmp/key.sock --json
              aikagi key --udp --udp-reply 7112              answers go to port 7112

            Runs until SIGINT or SIGTERM.
            """)

    @OptionGroup var doors: KeyDoorOptions

    @Option(help: "The device it stands in for: security-key, platform or phone.")
    var flavour = FlavourArgument.securityKey

    @Option(
        help: ArgumentHelp(
            "Where its credentials are kept (SQLite); the key file lies beside it.",
            discussion: "Default: in memory, as with --memory.", valueName: "file"))
    var store: String?

    @Flag(help: "Forget everything at the end.")
    var memory = false

    @Option(help: GateArgument.help)
    var gate = GateArgument.approve

    @Flag(help: "It tests presence only, and cannot tell who touches it.")
    var presenceOnly = false

    @Flag(help: "A reset is possible at any time, not only in the first ten seconds after power-up.")
    var resetAnyTime = false

    @Flag(help: "Print where it can be reached, and what becomes of it, as JSON Lines.")
    var json = false

    func validate() throws {
        if memory && store != nil { throw ValidationError("--memory and --store exclude each other") }
    }

    func run() async throws {
        try await runInterruptibly(json: json) {
            let hangups = await UnixSignalsSequence(trapping: .sighup)
            let lines = KeyLines(asJSON: json)
            let authenticator = try authenticator()
            let power = KeyPower {
                await authenticator.powerCycle()
                lines.say("power-cycled")
            }
            let key = DoorKey(authenticator: authenticator, power: power, wink: { lines.wink() })
            try await DoorThread.run { thread in
                let doors = try OpenDoors(doors, on: thread)
                defer { doors.close() }
                for place in doors.places { lines.listening(place) }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await doors.run(for: key) { lines.note("\($0)") } }
                    group.addTask { for await _ in hangups { await power.cycle() } }
                    try await group.next()
                    group.cancelAll()
                }
            }
        }
    }

    private func authenticator() throws -> Authenticator {
        var configuration = Authenticator.Configuration(flavour: flavour.flavour, verifiesUser: !presenceOnly)
        if resetAnyTime { configuration.resetWindow = nil }
        return Authenticator(
            configuration: configuration, store: try credentialStore(), gate: try gate.gate(),
            reportFailure: { Console.standard.error("\($0)") })
    }

    private func credentialStore() throws -> any CredentialStore {
        guard let store else { return MemoryCredentialStore() }
        return try SQLiteCredentialStore(path: store, keyFileAt: store + ".key")
    }
}

/// A flavour by the name that people use.
enum FlavourArgument: String, ExpressibleByArgument, CaseIterable, Sendable {
    case securityKey = "security-key"
    case platform
    case phone

    /// The flavour.
    var flavour: Flavour {
        switch self {
        case .securityKey: .securityKey
        case .platform: .platform
        case .phone: .phone
        }
    }
}
