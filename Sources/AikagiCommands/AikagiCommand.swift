public import ArgumentParser
import Glibc

/// `aikagi`: the command line, the only place where doors meet rooms.
public struct AikagiCommand: AsyncParsableCommand {
    /// Name, help and subcommands.
    public static let configuration = CommandConfiguration(
        commandName: "aikagi",
        abstract: "Exercise passkey logins end to end: a CTAP2 authenticator emulator and hardware bridge.",
        discussion: """
            Start with `aikagi demo`: it plays a whole login manual on this machine, from the first password to a login \
            by QR code and Bluetooth with a phone that is software.

            The parts, each in a terminal of its own:
              aikagi portal --demo            a web site; prints accounts
              aikagi tunnel                   the relay between PC and phone
              aikagi register --hybrid URL …  a QR code: scan it, make a passkey
              aikagi login --hybrid URL       a QR code: scan it, log in
              aikagi phone scan 'FIDO:/…'     the phone that scans
            For test suites that reach a key over sockets:
              aikagi key --udp --tcp          a security key at its customary ports
            For programs that know nothing of us:
              aikagi browser URL              a browser, and a phone that scans its QR codes
              aikagi with --key -- firefox    the program sees a security key

            Results go to standard output, everything else to standard error; --json gives JSON Lines.
            Exit status: 0 done, 1 failed (standard error says why), 64 wrong usage, 130 or 143 ended by SIGINT or SIGTERM.
            """,
        version: "0.1.0",
        subcommands: [
            DemoCommand.self, ManualCommand.self, BrowserCommand.self, WithCommand.self, PlugCommand.self,
            UnplugCommand.self, KeyCommand.self, ControlCommand.self, StoreCommand.self, PortalCommand.self,
            TunnelCommand.self, PhoneCommand.self, LoginCommand.self, RegisterCommand.self, VerifyCommand.self,
            InsideCommand.self,
        ])

    /// The command without a subcommand: shows its help.
    public init() {}

    /// Parses the process's own arguments and runs the command.
    public static func runFromCommandLine() async {
        do {
            var command = try parse(Array(CommandLine.arguments.dropFirst()))
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            end(with: error)
        }
    }

    /// Ends as the argument parser would, but with the prefix that every other message has.
    private static func end(with error: any Error) -> Never {
        let (status, text) = (exitCode(for: error), fullMessage(for: error))
        let foreign = "Error: "
        guard !status.isSuccess, text.hasPrefix(foreign) else { exit(withError: error) }
        Console.standard.error(String(text.dropFirst(foreign.count)))
        Glibc.exit(status.rawValue)
    }

    /// Reads a command line as people write it.
    static func parse(_ arguments: [String]) throws -> any ParsableCommand {
        try OptionRules.parse { try parseAsRoot(BareOptions.expand(arguments)) }
    }
}
