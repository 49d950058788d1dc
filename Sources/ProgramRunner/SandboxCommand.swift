import Glibc

/// The `bwrap` command line that gives a program its own user back, inside the namespace in which we are root.
///
/// Nothing is hidden by it: `/` is bound as it is, with the `/dev` and `/sys/class/hidraw` that were put up before.
struct SandboxCommand {
    /// The description of what to run.
    let description: InnerDescription
    /// The descriptor to which bwrap writes what becomes of the program.
    let statusDescriptor: Int32

    /// The program to execute, and its arguments, the first of which is its own name.
    var arguments: [String] {
        var arguments = [
            description.bubblewrap, "--unshare-user", "--uid", String(description.userID), "--gid",
            String(description.groupID), "--dev-bind", "/", "/", "--die-with-parent", "--json-status-fd",
            String(statusDescriptor),
        ]
        if description.hasOwnProcessIDs { arguments += ["--unshare-pid", "--proc", "/proc"] }
        arguments.append("--")
        // The keys of the terminal reach every process of the group. All but the program ignore them, so that the
        // program alone decides; and as what is ignored is inherited, the program's own view is restored here.
        let restored = SandboxCommand.terminalSignals.filter { !description.ignoredSignals.contains($0.number) }
        if !restored.isEmpty {
            arguments += ["/usr/bin/env", "--default-signal=" + restored.map(\.name).joined(separator: ","), "--"]
        }
        return arguments + description.command
    }

    /// The signals that a terminal sends to every process of the foreground group.
    static let terminalSignals: [(number: Int32, name: String)] = [
        (SIGINT, "INT"), (SIGQUIT, "QUIT"), (SIGHUP, "HUP"),
    ]
}
