import ArgumentParser
import Portal

/// `aikagi portal users add`.
struct AddUserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add an account at the start of the manual.",
        usage: """
            aikagi portal users add --data <dir> <user-id>
              --name <name> --date-of-birth <yyyy-mm-dd>
              (--symbol <symbol> --number <number> | --password-file <file>)
            """,
        discussion: """
            The initial password is that of --password-file, or, with --symbol and --number of the insurance card, \
            symbol, number and date of birth.

            Example:
              aikagi portal users add --data folder hanako01 --name Hanako \\
                --date-of-birth 1990-01-31 --symbol 12345 --number 678
            """)

    @OptionGroup var portal: PortalDataOptions

    @Argument(help: "What the person types to log in; no two differ in capital letters only.")
    var userID: String

    @Option(help: "The person's name.")
    var name: String

    @Option(
        help: ArgumentHelp("The date that step 1.3 asks for.", valueName: "yyyy-mm-dd"),
        transform: AddUserCommand.date(_:))
    var dateOfBirth: CalendarDate

    @OptionGroup var initial: InitialPasswordOptions

    private static func date(_ text: String) throws -> CalendarDate {
        guard let date = CalendarDate(text) else {
            throw ValidationError("'\(text)' is no date; write it like 1990-01-31")
        }
        return date
    }

    func validate() throws { try OptionRules.check(portal.checkIsGiven) }

    func run() async throws {
        try await changingAccounts {
            try await portal.accounts(creating: true).addUser(
                userID: userID, initialPassword: try await initial.rule()(dateOfBirth), dateOfBirth: dateOfBirth,
                name: name)
            Console.standard.result("added \(userID)")
        }
    }
}
