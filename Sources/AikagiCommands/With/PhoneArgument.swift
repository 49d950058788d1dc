import ArgumentParser
import HybridTransport

/// A phone on the command line: `[auto|manual][,name=NAME][,gate=GATE][,store=FILE[,passphrase-file=FILE]][,away][,out-of-range][,…]`.
struct PhoneArgument: Sendable {
    /// Who holds the phone's camera to the screen.
    enum Scanning: String, Hashable, Sendable {
        /// The phone looks at the screen by itself.
        case auto
        /// `aikagi phone scan`, a person or a script with the code that is shown.
        case manual
    }

    /// Who scans.
    var scanning = Scanning.auto
    /// How the phone is called here.
    var name = "phone"
    /// The person who holds it.
    var gate = GateArgument.approve
    /// Where its passkeys are kept; in memory when absent.
    var store: StoreAccess?
    /// The algorithms of its new passkeys.
    var algorithms = AlgorithmList.standard
    /// How it vouches for them; `nil` for the habit of its kind.
    var attestation: AttestationList?
    /// Whether it is put away at first, and does not scan.
    var isAway = false
    /// Whether its advertisements do not reach the program's adapter.
    var isOutOfRange = false
    /// How long it takes until a code is scanned.
    var scanDelay: Duration = .zero
    /// At which step it drops its connection to the tunnel service.
    var hangUp: HangUp?

    /// A step of the ceremony after which a phone hangs up.
    enum HangUp: String, Hashable, Sendable, CaseIterable {
        /// Before the PC has joined: it finds nobody at the tunnel service.
        case tunnel
        /// After the handshake's answer, before it has said what it can do.
        case handshake
        /// When the request has arrived.
        case request
        /// When its user has answered, before the response.
        case response
    }

    static let help = ArgumentHelp(
        """
        A phone near the program: auto or manual, then name=NAME, gate=GATE, store=FILE, passphrase-file=FILE, \
        algorithms=LIST, attestation=KINDS, and how it fails.
        """,
        discussion: """
            auto (or --phone alone) looks at the program's screen and scans each FIDO QR code by itself; manual says what \
            it sees and waits for `aikagi phone scan`. Without a display the program gets one of its own (Xvfb). Of \
            several phones the first scans whose person wants to: approve and delay do, deny and ignore leave it to the \
            others, ask and exec are asked (action `scan`); away leaves one aside until `aikagi plug NAME`. It fails with: out-of-range \
            (its Bluetooth is not heard), scan-after=SECONDS, hang-up=tunnel|handshake|request|response.
            """, valueName: "phone")

    /// What `--phone` without a value means.
    static let plain = "auto"

    /// A phone that scans by itself and whose person approves everything.
    init() {}

    /// Reads it.
    ///
    /// - Throws: A sentence that names the part that is wrong.
    init(argument: String) throws(ValidationError) {
        let parts = try ArgumentParts(
            argument,
            names: ["name", "gate", "store", "passphrase-file", "algorithms", "attestation", "scan-after", "hang-up"],
            flags: ["away", "out-of-range"])
        if let kind = parts.kind {
            guard let scanning = Scanning(rawValue: kind) else {
                throw ArgumentParts.unknownKind(kind, known: ["auto", "manual"])
            }
            self.scanning = scanning
        }
        name = try parts.name() ?? name
        gate = try parts.gate() ?? gate
        if let value = parts.values["scan-after"] {
            guard let seconds = Double(value), (0...3600).contains(seconds) else {
                throw ValidationError("'scan-after=\(value)' is no number of seconds; give one from 0 to 3600")
            }
            scanDelay = .seconds(seconds)
        }
        if let value = parts.values["hang-up"] {
            guard let step = HangUp(rawValue: value) else {
                let steps = HangUp.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("there is no step '\(value)' to hang up after; there are \(steps)")
            }
            hangUp = step
        }
        algorithms = try parts.algorithms() ?? algorithms
        attestation = try parts.attestation()
        store = try parts.store()
        isAway = parts.flags.contains("away")
        isOutOfRange = parts.flags.contains("out-of-range")
    }
}
