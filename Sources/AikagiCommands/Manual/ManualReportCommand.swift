import ArgumentParser

/// `aikagi manual report`.
struct ManualReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Make the page of a report from its steps and pictures.",
        discussion: """
            Reads DIR/steps.json and the pictures that it names, and writes DIR/index.html: the manual with pictures, in \
            Japanese and English. For programs that walk through the manual by themselves, and for people who have \
            corrected a word in steps.json.

            Examples:
              aikagi manual report report-browser
            """)

    @Argument(help: ArgumentHelp("The report's folder, with its steps.json.", valueName: "dir"))
    var folder: String

    func run() async throws {
        try await runInterruptibly {
            let report = JourneyReport(folder: folder)
            try report.writePage(of: try await report.read())
            Console.standard.result(report.index)
        }
    }
}
