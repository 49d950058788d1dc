import ArgumentParser
import Foundation
import Glibc
import HIDTransport
import ProgramRunner

/// `aikagi with`.
struct WithCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "with",
        abstract: "Run an unmodified program that sees our security keys and phones.",
        discussion: """
            The program runs in user, mount and process namespaces of its own; terminal, working directory, signals and exit status \
            are its own. No root, kernel module, Bluetooth or hardware is needed. For testing: whoever runs this decides \
            what the devices approve.

            What is arranged for it, and for nothing else:
              --key    a /dev/hidraw device (FUSE) and its entry in /sys/class/hidraw;
                       it can be plugged in and out while the program runs
                       (`aikagi plug`, `aikagi unplug`)
              --phone  DBUS_SYSTEM_BUS_ADDRESS: a private bus with a Bluetooth adapter;
                       https_proxy: a proxy that leads the phone's tunnel service to
                       this machine and all else where it led before; a copy of the
                       user's certificate store that also trusts that service; a
                       screen (Xvfb), where there is none

            Programs that open /dev/hidraw* see keys: Chromium, Chrome, Firefox, python-fido2; libfido2's tools insist on a \
            character device and do not. Chromium, Chrome, Edge and Brave see phones, when they have a window: headless \
            they show no QR code.

            --serve keeps the devices up and prints, for people who bring their own driver, the programs to give it as the \
            browser's executable. Each joins the session, and is what it is named after.

            Examples:
              aikagi with --key -- python3 script.py
              aikagi with --key platform,gate=ask -- firefox https://webauthn.io
              aikagi with --phone -- chromium --user-data-dir=/tmp/profile
              aikagi with --phone --key name=one --key name=two,gate=deny -- ./test
              aikagi with --serve --json --phone --key

            Exit status: the program's, or 128 and the number of the signal that ended it; 1 when it could not be run, 127 when there is no such program.
            """)

    @OptionGroup var devices: DeviceOptions

    @Flag(help: "Keep the devices up for programs that join, until SIGINT or SIGTERM.")
    var serve = false

    @Flag(help: "With --serve: print what a driver needs as JSON.")
    var json = false

    @Option(
        help: ArgumentHelp("Join the session in this folder, which --serve prints, instead.", valueName: "session"))
    var join: String?

    @Argument(
        parsing: .postTerminator, help: ArgumentHelp("After --: the program and its arguments.", valueName: "command"))
    var command: [String] = []

    /// The exit status for a program that is not there, as shells have it.
    private static let noSuchProgram: Int32 = 127

    func validate() throws { try OptionRules.check(checkOptions) }

    private func checkOptions() throws {
        let hasDevices = !devices.keys.isEmpty || devices.hasPhone
        if serve {
            guard command.isEmpty, join == nil else { throw ValidationError("--serve runs no program itself") }
        } else {
            guard !command.isEmpty else {
                throw ValidationError("give the program to run after --, for example -- firefox")
            }
            if json { throw ValidationError("--json goes with --serve; for events use --events FILE") }
        }
        guard hasDevices || join != nil else {
            throw ValidationError("give at least one --key or --phone for the program to see")
        }
        try devices.check()
        if hasDevices && join != nil { throw ValidationError("--join takes the devices of the session") }
    }

    func run() async throws {
        guard !serve else {
            return try await runInterruptibly {
                let session = try DeviceSession(devices, log: try log())
                let json = json
                try await session.serve { folder, plan in
                    try SessionWrappers(folder: folder, plan: plan).announce(asJSON: json)
                }
            }
        }
        try await endingWithStatus {
            if let join { return try await JoinedProgram(session: join).run(command) }
            let command = command
            // Said here, while nothing has been started yet.
            let program = command[0]
            guard program.contains("/") || HostCheck.find(program) != nil else {
                Console.standard.error("there is no program '\(program)'; check its name, or give its path")
                return WithCommand.noSuchProgram
            }
            return try await DeviceSession(devices, log: try log()).run { _, plan in plan.command = command }
        }
    }

    private func log() throws -> EventLog {
        try EventLog(devices.events.map(EventLog.Destination.file) ?? .failuresOnly)
    }
}

/// Ends the command with a program's exit status; a failure of ours is one line on standard error and status 1.
func endingWithStatus(_ work: () async throws -> Int32) async throws {
    let status: Int32
    do {
        status = try await work()
    } catch {
        Console.standard.error("\(error)")
        if let hint = whatStillWorks(without: error) { Console.standard.note("hint: \(hint)") }
        throw ExitCode(ExitStatus.failure)
    }
    throw ExitCode(status)
}
