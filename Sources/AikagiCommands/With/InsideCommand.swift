import ArgumentParser
import ProgramRunner

/// `aikagi inside`: the process within a program's namespace; `aikagi with` starts it, people do not.
struct InsideCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inside", abstract: "Serve a program's device files (started by `aikagi with`).",
        shouldDisplay: false)

    @Argument(help: "The inherited descriptor from which to read what to do.")
    var descriptor: Int32

    init() {}

    /// Runs the program and ends with its status.
    ///
    /// Signals are the program's, so nothing is caught here.
    func run() async throws {
        let status: Int32
        do {
            status = try await InnerProgram(descriptionIn: descriptor).run()
        } catch {
            Console.standard.error("\(error)")
            throw ExitCode(ExitStatus.failure)
        }
        throw ExitCode(status)
    }
}
