import ArgumentParser

/// `aikagi manual`.
struct ManualCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manual",
        abstract: "The login manual with pictures, as a report.",
        discussion: """
            A walk through the manual leaves steps.json and pictures; this makes the page of them.

            Examples:
              aikagi manual report report
            """,
        subcommands: [ManualReportCommand.self])
}
