import ArgumentParser
import SoftwareAuthenticator

/// A security key on the command line: `KIND[,name=NAME][,gate=GATE][,store=FILE[,passphrase-file=FILE]][,presence-only][,built-in][,unplugged]`.
struct KeyArgument: Sendable {
    /// Who answers.
    enum Kind: Hashable, Sendable {
        /// A software authenticator.
        case software(Flavour)
        /// The session's phones, by QR code.
        case phone
    }

    /// Who answers.
    var kind = Kind.software(.securityKey)
    /// What programs show as the product's name.
    var name = "Aikagi security key"
    /// The person who touches it.
    var gate = GateArgument.approve
    /// Where its credentials are kept; in memory when absent.
    var store: StoreAccess?
    /// Which edition of CTAP it keeps to.
    var profile = ProfileArgument.ctap23
    /// The algorithms of its new credentials.
    var algorithms = AlgorithmList.standard
    /// How it vouches for them; `nil` for the habit of its kind.
    var attestation: AttestationList?
    /// Whether it can have a PIN and hands out tokens; `nil` where that depends on the other keys.
    var hasPIN: Bool?
    /// Whether it lies beside the machine at first.
    var isUnplugged = false
    /// Whether it tests presence only, and cannot tell who touches it.
    var isPresenceOnly = false
    /// Whether a reset is possible later than ten seconds after it was plugged in.
    var canResetAnyTime = false
    /// Whether it says that it is part of the machine.
    var isBuiltIn = false

    static let help = ArgumentHelp(
        """
        A key that the program sees: security-key, platform or phone, then name=NAME, gate=GATE, store=FILE, \
        passphrase-file=FILE, profile=PROFILE, algorithms=LIST, attestation=KINDS, presence-only, built-in, unplugged, pin, no-pin, reset-any-time.
        """,
        discussion: """
            Parts are separated by commas, and each may be left out; --key alone is a security key in memory whose person \
            approves everything. It has a fingerprint reader and verifies the user, unless it is presence-only; platform is a \
            laptop's reader, which says so with built-in (Firefox minds it, Chromium refuses such a USB device); phone is a key behind which a phone answers by QR code (the --phone's, or one you scan with). \
            Profiles: ctap23, ctap21, compat20 (without a reader). It can be reset within ten seconds of being plugged in, or \
            reset-any-time. An unplugged key waits for `aikagi plug NAME`. Gates: approve, deny, ignore, ask, delay:SECONDS, exec:PROGRAM, script:FILE. \
            Algorithms and kinds of attestation (as of `aikagi key`) are separated by + (algorithms=es256+ml-dsa-44). May be given several times: of several keys that approve, one is touched at a time, the one that leads on. \
            Since browsers ask a key for a PIN/UV auth token before they say for which passkey, several keys hand out none \
            and can have no PIN (CTAP 2.0), unless they say pin; a single key can (CTAP 2.3), unless it says no-pin.
            """, valueName: "key")

    /// What `--key` without a value means.
    static let plain = "security-key"

    /// A security key in memory whose person approves everything.
    init() {}

    /// Reads it.
    ///
    /// - Throws: A sentence that names the part that is wrong.
    init(argument: String) throws(ValidationError) {
        let kinds = ["security-key", "platform", "phone"]
        let parts = try ArgumentParts(
            argument, names: ["name", "gate", "store", "passphrase-file", "profile", "algorithms", "attestation"],
            flags: ["unplugged", "presence-only", "built-in", "pin", "no-pin", "reset-any-time"], kinds: kinds)
        switch parts.kind {
        case nil, "security-key": break
        case "platform":
            kind = .software(.platform)
            name = "Aikagi fingerprint reader"
        case "phone":
            kind = .phone
            name = "Aikagi phone as a key"
            guard Set(parts.values.keys).isSubset(of: ["name"]), parts.flags.isSubset(of: ["unplugged"])
            else {
                throw ValidationError("what a phone keeps and whom it asks is the phone's affair; say it with --phone")
            }
        case let kind?: throw ArgumentParts.unknownKind(kind, known: kinds)
        }
        name = try parts.name() ?? name
        gate = try parts.gate() ?? gate
        if let value = parts.values["profile"] {
            guard let profile = ProfileArgument(rawValue: value) else {
                let names = ProfileArgument.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("there is no profile '\(value)'; there are \(names)")
            }
            self.profile = profile
        }
        algorithms = try parts.algorithms() ?? algorithms
        attestation = try parts.attestation()
        store = try parts.store()
        isPresenceOnly = parts.flags.contains("presence-only")
        isBuiltIn = parts.flags.contains("built-in")
        canResetAnyTime = parts.flags.contains("reset-any-time")
        isUnplugged = parts.flags.contains("unplugged")
        switch (parts.flags.contains("pin"), parts.flags.contains("no-pin")) {
        case (true, true): throw ValidationError("'pin' and 'no-pin' exclude each other; give one")
        case (true, false): hasPIN = true
        case (false, true): hasPIN = false
        case (false, false): hasPIN = nil
        }
    }
}
