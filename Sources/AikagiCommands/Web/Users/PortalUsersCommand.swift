import ArgumentParser
import Portal

/// `aikagi portal users`.
struct PortalUsersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "users",
        abstract: "Add, import, reset and list the accounts of a portal.",
        discussion: """
            Works on the folder that `aikagi portal --data` uses, whether or not the portal runs.

            Examples:
              aikagi portal users import --data folder accounts.csv
              aikagi portal users reset --data folder hanako --password-file pw
              aikagi portal users list --data folder --json
            """,
        subcommands: [AddUserCommand.self, ImportUsersCommand.self, ResetUserCommand.self, ListUsersCommand.self])
}

/// The password that works until step 1.9.
struct InitialPasswordOptions: ParsableArguments {
    @Option(help: "The insurance card's symbol; with --number, the password is symbol, number and date of birth.")
    var symbol: String?

    @Option(help: "The insurance card's number.")
    var number: String?

    @OptionGroup var file: PortalPasswordOptions

    func validate() throws { try OptionRules.check(checkOptions) }

    private func checkOptions() throws {
        guard (symbol == nil) == (number == nil), (symbol == nil) != (file.passwordFile == nil) else {
            throw ValidationError("give either --symbol and --number, or --password-file")
        }
    }

    /// Reads the file, if one is given.
    ///
    /// - Returns: the password for somebody born on a day.
    func rule() async throws -> @Sendable (CalendarDate) -> String {
        if let symbol, let number {
            return { InitialPassword.rule(symbol: symbol, number: number, dateOfBirth: $0) }
        }
        let password = String(try await InputFile.text(file.passwordFile ?? "-").prefix { !$0.isNewline })
        return { _ in password }
    }
}

/// Runs a change of accounts and says what is wrong with it in a sentence.
func changingAccounts(_ body: () async throws -> Void) async throws {
    do {
        try await body()
    } catch let error as PortalAccountError {
        throw CommandFailure("\(error)")
    } catch let error as AccountImportError {
        throw CommandFailure("\(error)")
    }
}
