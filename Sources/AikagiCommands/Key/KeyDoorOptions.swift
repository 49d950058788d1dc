import ArgumentParser

/// Where a key can be reached.
struct KeyDoorOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A UDP port; 0 takes a free one.", discussion: "Without a value: 8111. May be given several times.",
            valueName: "port"))
    var udp: [UInt16] = []

    @Option(
        help: ArgumentHelp(
            "With --udp: answer to this port of the client's address, and not to the one it sends from.",
            discussion: "Hosts that bind 7112, as is customary, and send from it need no such thing.",
            valueName: "port"))
    var udpReply: UInt16?

    @Option(
        help: ArgumentHelp(
            "A TCP port; 0 takes a free one.", discussion: "Without a value: 35962. May be given several times.",
            valueName: "port"))
    var tcp: [UInt16] = []

    @Option(
        help: ArgumentHelp(
            "A Unix socket at this path, for this user only.", discussion: "May be given several times.",
            valueName: "path"))
    var unix: [String] = []

    @Flag(help: "A pseudo-terminal, for libfido2 and its tools.")
    var pty = false

    @Option(
        help: ArgumentHelp(
            "The address for --udp and --tcp.",
            discussion: "Default: 127.0.0.1. Whoever can reach another one can use the key.", valueName: "address"))
    var listen: String?

    /// The address for ``udp`` and ``tcp``.
    var address: String { listen ?? "127.0.0.1" }

    func validate() throws { try OptionRules.check(checkOptions) }

    private func checkOptions() throws {
        guard !udp.isEmpty || !tcp.isEmpty || !unix.isEmpty || pty else {
            throw ValidationError("give at least one door: --udp, --tcp, --unix PATH or --pty")
        }
        if udpReply != nil && udp.isEmpty { throw ValidationError("--udp-reply goes with --udp") }
        if listen != nil && udp.isEmpty && tcp.isEmpty { throw ValidationError("--listen goes with --udp and --tcp") }
        if udpReply == 0 { throw ValidationError("--udp-reply needs a port from 1 to 65535") }
    }
}
