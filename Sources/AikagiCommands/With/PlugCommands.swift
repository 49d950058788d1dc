import ArgumentParser

/// `aikagi plug`.
struct PlugCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plug",
        abstract: "Plug a key of a running session in, or take a phone in hand.",
        discussion: """
            The program that `aikagi with` or `aikagi browser` runs sees the key appear, as a real one; a browser's dialog \
            goes on with it. A phone that is taken in hand scans the next QR code.

            Examples:
              aikagi with --key name=mine,unplugged -- chromium …   in one terminal
              aikagi plug mine                                      in another
              aikagi plug --list                                    which devices there are

            Exit status: 0 once the program has been told, 1 if there is no such device or session.
            """)

    @Argument(help: "The device's name; the only key when absent.")
    var name: String?

    @Flag(help: "List the devices of the running sessions instead.")
    var list = false

    @Flag(help: "With --list: as JSON Lines.")
    var json = false

    @OptionGroup var runDirectory: RunDirectoryOptions

    func run() async throws {
        try await runInterruptibly {
            guard list else { return try await set(.plug, name, runDirectory) }
            for session in RunningSession.all(in: try runDirectory.directory()) {
                for device in try await session.ask(SessionRequest(command: .list)).devices ?? [] {
                    if json {
                        Console.standard.json(device)
                    } else {
                        let state =
                            device.kind == .key
                            ? (device.isReady ? "plugged in" : "unplugged") : (device.isReady ? "in hand" : "away")
                        Console.standard.result("\(device.kind.rawValue)  \(device.name)  \(state)")
                    }
                }
            }
        }
    }
}

/// `aikagi unplug`.
struct UnplugCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unplug",
        abstract: "Take a key of a running session out, or put a phone away.",
        discussion: """
            Example:
              aikagi unplug mine

            Exit status: 0 once the program has been told, 1 if there is no such device or session.
            """)

    @Argument(help: "The device's name; the only key when absent.")
    var name: String?

    @OptionGroup var runDirectory: RunDirectoryOptions

    func run() async throws {
        try await runInterruptibly { try await set(.unplug, name, runDirectory) }
    }
}

/// Plugs a device in or out in the one session that has it.
private func set(_ command: SessionRequest.Command, _ name: String?, _ options: RunDirectoryOptions) async throws {
    let sessions = RunningSession.all(in: try options.directory())
    guard !sessions.isEmpty else {
        throw CommandFailure("no session is running; start one with `aikagi with` or `aikagi browser`")
    }
    var holders: [RunningSession] = []
    for session in sessions {
        guard let name, sessions.count > 1 else { holders.append(session); continue }
        let devices = try await session.ask(SessionRequest(command: .list)).devices ?? []
        if devices.contains(where: { $0.name.lowercased() == name.lowercased() }) { holders.append(session) }
    }
    guard let session = holders.first, holders.count == 1 else {
        throw CommandFailure(
            holders.isEmpty
                ? "no running session has a device '\(name ?? "")'; see `aikagi plug --list`"
                : "\(holders.count) sessions are running; give their devices different names, or each a --run-directory"
        )
    }
    _ = try await session.ask(SessionRequest(command: command, name: name))
}
