import ArgumentParser
import Portal

/// `aikagi portal users import`.
struct ImportUsersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Add the accounts of a CSV file: all of them, or none.",
        usage: "aikagi portal users import --data <dir> <file>",
        discussion: """
            UTF-8, with a header. Columns in any order: userID, name, dateOfBirth (1990-01-31), and either \
            initialPassword or both symbol and number; then the password is symbol, number and date of birth. Each \
            line that is refused is named on standard error.

            Examples:
              aikagi portal users import --data folder accounts.csv
            """)

    @OptionGroup var portal: PortalDataOptions

    @Argument(help: "The CSV file.")
    var file: String

    func validate() throws { try OptionRules.check(portal.checkIsGiven) }

    func run() async throws {
        try await changingAccounts {
            let list = try AccountImport(csv: try await InputFile.read(file, limit: 8 << 20))
            for refusal in list.refusals { Console.standard.note("\(file): \(refusal)") }
            guard list.refusals.isEmpty else {
                throw CommandFailure("\(list.refusals.count) lines of '\(file)' were refused; nothing was added")
            }
            let taken = try await portal.accounts(creating: true).add(list.users)
            guard taken.isEmpty else {
                throw CommandFailure(
                    "there are accounts with these user IDs: \(taken.joined(separator: ", ")); nothing was added")
            }
            Console.standard.result("added \(list.users.count) accounts")
        }
    }
}
