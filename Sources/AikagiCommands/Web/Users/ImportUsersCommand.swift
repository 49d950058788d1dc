import ArgumentParser
import FoundationEssentials
import Portal

/// `aikagi portal users import`.
struct ImportUsersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Add the accounts of a CSV file: all of them, or none.",
        usage: "aikagi portal users import --data <dir> <file>",
        discussion: """
            UTF-8, with a header. Columns in any order: userID, name, dateOfBirth (1990-01-31), and either \
            initialPassword or both symbol and number; then the password is symbol, number and date of birth. Each \
            line that is refused is named on standard error. Passwords are hashed first, on all processors; how many \
            are done is said every few seconds.

            Examples:
              aikagi portal users import --data folder accounts.csv
            """)

    @OptionGroup var portal: PortalDataOptions

    @Argument(help: "The CSV file.")
    var file: String

    func validate() throws { try OptionRules.check(portal.checkIsGiven) }

    func run() async throws {
        try await changingAccounts {
            let list = try AccountImport(csv: try await InputFile.read(file, limit: 8 << 20), now: Date())
            // A list that is refused makes no portal where there is none.
            let refusals =
                portal.isThere || list.refusals.isEmpty
                ? try await list.refusals(in: try portal.accounts(creating: true)) : list.refusals
            for refusal in refusals { Console.standard.note("\(file): \(refusal)") }
            guard refusals.isEmpty else {
                let lines =
                    refusals.count == 1 ? "1 line of '\(file)' was" : "\(refusals.count) lines of '\(file)' were"
                throw CommandFailure("\(lines) refused; nothing was added")
            }
            let (clock, started) = (ContinuousClock(), ContinuousClock.now)
            var pace = ProgressPace(interval: .seconds(3))
            let taken = try await portal.accounts(creating: true).add(list.users) { done in
                guard done < list.users.count, pace.isDue(at: started.duration(to: clock.now)) else { return }
                Console.standard.note("\(done) of \(list.users.count) passwords are hashed")
            }
            guard taken.isEmpty else {
                throw CommandFailure(
                    "there are accounts with these user IDs: \(taken.joined(separator: ", ")); nothing was added")
            }
            Console.standard.result("added \(list.users.count) account\(list.users.count == 1 ? "" : "s")")
        }
    }
}
