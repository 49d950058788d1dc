import ArgumentParser
import CTAP
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
              aikagi key --pty --profile ctap21              for fido2-token -L as well
              aikagi key --pty --store my-key.sqlite --gate ask
              aikagi key --udp 0 --unix /tmp/key.sock --json
              aikagi key --udp --udp-reply 7112              answers go to port 7112
              aikagi key --tcp --profile compat20 --reset-any-time
              aikagi key --pty --finger thumb --gate exec:./touch
              aikagi key --tcp --gate ignore --control k     see aikagi control
              aikagi key --tcp --algorithms ml-dsa-44,es256
              aikagi key --tcp --attestation basic,fido-u2f --attestation-root root.pem

            Runs until SIGINT or SIGTERM.
            """)

    @OptionGroup var doors: KeyDoorOptions

    @Option(help: "The device it stands in for: security-key, platform or phone.")
    var flavour = FlavourArgument.securityKey

    @Option(
        help: ArgumentHelp(
            "The edition of CTAP that it keeps to: ctap23, ctap21 or compat20.",
            discussion: """
                ctap21 is CTAP 2.1 with the commands of its preview; compat20 is CTAP 2.0, for clients and suites from before \
                2021; a security key of it has no fingerprint reader.
                """))
    var profile = ProfileArgument.ctap23

    @Option(
        help: ArgumentHelp(
            "How it keeps large blobs: key (largeBlobKey and authenticatorLargeBlobs) or extension (largeBlob).",
            discussion: """
                The extension came with CTAP 2.3: a blob lies beside its credential, and goes with an assertion. \
                A phone has none unless you say extension.
                """))
    var largeBlob = LargeBlobArgument.key

    @Option(
        name: .customLong("finger"),
        help: ArgumentHelp(
            "A finger that is enrolled from the start. May be given several times.",
            discussion: """
                Default: one for platform, none for security-key, which then verifies nobody until a finger is enrolled \
                or a PIN is set.
                """, valueName: "name"))
    var fingers: [String] = []

    @Option(
        help: ArgumentHelp(
            "Where its credentials are kept (SQLite); the key file lies beside it.",
            discussion: "Default: in memory, as with --memory.", valueName: "file"))
    var store: String?

    @Option(help: StoreOptions.passphraseFileHelp)
    var passphraseFile: String?

    @Flag(help: "Forget everything at the end.")
    var memory = false

    @Option(
        help: ArgumentHelp(
            "The algorithms of new credentials, separated by commas, most wanted first.",
            discussion: """
                Of \(AlgorithmList.allNames). Default: all but ML-DSA, whose numbers some browsers refuse.
                """, valueName: "list"), transform: { try AlgorithmList($0, separator: ",") })
    var algorithms = AlgorithmList.standard

    @OptionGroup var attestation: AttestationOptions

    // Unconditional: a negative number is told what is wrong with it, and not that it is missing.
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How many discoverable credentials it takes.", valueName: "count"))
    var capacity = 1000

    @Option(help: GateArgument.help)
    var gate = GateArgument.approve

    @Option(
        help: ArgumentHelp(
            "A Unix socket for `aikagi control`: others answer for the person, and move power and clock.",
            discussion: "For this user only; the path must not be in use.", valueName: "path"))
    var control: String?

    @Flag(help: "It tests presence only, and cannot tell who touches it.")
    var presenceOnly = false

    @Flag(help: "A reset is possible at any time, not only in the first ten seconds after power-up.")
    var resetAnyTime = false

    @Flag(help: "Print where it can be reached, and what becomes of it, as JSON Lines.")
    var json = false

    func validate() throws { try OptionRules.check(checkOptions) }

    private func checkOptions() throws {
        if memory && store != nil { throw ValidationError("--memory and --store exclude each other") }
        if !(1...1_000_000).contains(capacity) {
            throw ValidationError(
                "--capacity is a number from 1 to 1000000: without room for one no passkey can be made")
        }
        if passphraseFile != nil && store == nil { throw ValidationError("--passphrase-file needs a --store") }
        if flavour == .phone {
            if profile != .ctap23 { throw ValidationError("a phone has no --profile: it knows no management anyway") }
            if !fingers.isEmpty { throw ValidationError("a phone verifies by its screen lock; leave --finger out") }
        }
        if largeBlob == .extension && profile != .ctap23 {
            throw ValidationError("the extension largeBlob came with CTAP 2.3; leave --large-blob or --profile out")
        }
        if !fingers.isEmpty && !hasReader {
            throw ValidationError(
                presenceOnly
                    ? "--presence-only has no reader for a --finger; leave one of them out"
                    : "a security key of --profile compat20 has no reader; leave --finger out, or choose ctap21")
        }
        if Set(fingers).count != fingers.count {
            throw ValidationError("each --finger needs a name of its own, so that a gate can tell them apart")
        }
        let limit = Authenticator.maximumFriendlyNameByteCount
        if let finger = fingers.first(where: { !(1...limit).contains($0.utf8.count) }) {
            throw ValidationError("--finger takes a name of 1 to \(limit) bytes; '\(finger)' has \(finger.utf8.count)")
        }
        if fingers.count > Authenticator.maximumTemplateCount {
            throw ValidationError(
                "a reader takes \(Authenticator.maximumTemplateCount) fingers; leave out some of --finger")
        }
        if attestation.enterprise.contains("") {
            throw ValidationError("--enterprise needs the name of a relying party")
        }
        if !attestation.enterprise.isEmpty && (profile == .compat20 || flavour == .phone) {
            throw ValidationError(
                "--enterprise needs authenticatorConfig, which --profile compat20 and --flavour phone do not have")
        }
    }

    func run() async throws {
        try await runInterruptibly(json: json) {
            let hangups = await UnixSignalsSequence(trapping: .sighup)
            let lines = KeyLines(asJSON: json)
            let parts = try await parts(lines)
            let key = DoorKey(
                authenticator: parts.authenticator, power: parts.power, adoptsEveryChannel: profile == .compat20,
                wink: { lines.wink() })
            defer { parts.control?.close() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                if let control = parts.control { group.addTask { try await control.run() } }
                group.addTask { try await serve(key, lines) }
                group.addTask { for await _ in hangups { await parts.power.cycle() } }
                try await group.next()
                group.cancelAll()
            }
        }
    }

    private func serve(_ key: DoorKey, _ lines: KeyLines) async throws {
        try await DoorThread.run { thread in
            let doors = try OpenDoors(doors, on: thread)
            defer { doors.close() }
            StartupPages.giveBack()
            for place in doors.places { lines.listening(place) }
            try await doors.run(for: key) { lines.note("\($0)") }
        }
    }

    /// What answers at the doors, its power supply, and what can be done to both from outside.
    private struct Parts: Sendable {
        var authenticator: any CTAPAuthenticator
        var power: KeyPower
        var control: KeyControl?
    }

    private func parts(_ lines: KeyLines) async throws -> Parts {
        guard let path = control else {
            let authenticator = try await authenticator(
                gate: gate.gate(of: "key", isOnlyDevice: true), clock: ContinuousClock())
            let power = KeyPower {
                await authenticator.powerCycle()
            } observe: {
                lines.say($0.name)
            }
            return Parts(authenticator: authenticator, power: power)
        }
        let clock = AdjustableClock()
        let watchers = KeyWatchers(clock: clock)
        let person = ControlledGate(
            usually: try gate.gate(of: "key", isOnlyDevice: true, clock: clock), clock: clock)
        let authenticator = try await authenticator(gate: watchers.observed(person), clock: clock)
        let power = KeyPower {
            await authenticator.powerCycle()
        } observe: { event in
            lines.say(event.name)
            watchers.note(KeyEvent(event.name))
        }
        return Parts(
            authenticator: WatchedAuthenticator(authenticator: authenticator, watchers: watchers), power: power,
            control: try KeyControl(path: path, gate: person, clock: clock, power: power, watchers: watchers))
    }

    /// Whether it can verify who touches it.
    ///
    /// Deviation of compat20: suites of that time know no authenticator that verifies by itself and has a PIN.
    private var hasReader: Bool { !presenceOnly && (profile != .compat20 || flavour != .securityKey) }

    private func authenticator(gate: any BiometricGate, clock: any Clock<Duration>) async throws -> Authenticator {
        var configuration = Authenticator.Configuration(
            flavour: flavour.flavour, profile: profile.profile, verifiesUser: hasReader,
            enrolledFingers: fingers.isEmpty && flavour == .platform ? nil : fingers,
            // What comes through a door is not part of the machine; Chromium does not talk to a USB device that says so.
            isBuiltIn: false)
        configuration.largeBlobStorage = largeBlob.storage
        if resetAnyTime { configuration.resetWindow = nil }
        configuration.offer(algorithms)
        let store = try await credentialStore()
        try await attestation.plan.apply(to: &configuration, store: store)
        guard !configuration.offeredAlgorithms.isEmpty else {
            throw CommandFailure(
                "no --attestation that was chosen can vouch for a key of these --algorithms; add one, or es256")
        }
        return Authenticator(
            configuration: configuration, store: store, gate: gate, clock: clock,
            reportFailure: { Console.standard.error("\($0)") })
    }

    private func credentialStore() async throws -> any CredentialStore {
        guard let store else { return MemoryCredentialStore(capacity: capacity) }
        return try await StoreAccess(path: store, passphraseFile: passphraseFile).open(capacity: capacity)
    }
}

/// A way to keep large blobs, by the extension that leads to it.
enum LargeBlobArgument: String, ExpressibleByArgument, CaseIterable, Sendable {
    case key
    case `extension`

    /// The way.
    var storage: LargeBlobStorage {
        switch self {
        case .key: .array
        case .extension: .credential
        }
    }
}

/// A profile by its name.
enum ProfileArgument: String, ExpressibleByArgument, CaseIterable, Sendable {
    case ctap23
    case ctap21
    case compat20

    /// The profile.
    var profile: Profile {
        switch self {
        case .ctap23: .ctap23
        case .ctap21: .ctap21
        case .compat20: .compat20
        }
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

extension KeyPower.Event {
    /// How it is called in JSON Lines.
    var name: String {
        switch self {
        case .cycled: "power-cycled"
        case .removed: "unplugged"
        case .restored: "plugged"
        }
    }
}
