import ArgumentParser
import Portal

/// `aikagi portal users reset`.
struct ResetUserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset", abstract: "Put an account back to the start of the manual.",
        usage: """
            aikagi portal users reset --data <dir> <user-id>
              (--symbol <symbol> --number <number> | --password-file <file>)
            """,
        discussion: """
            For a person who forgot the password, or lost the phone or the authenticator app: the account gets an \
            initial password again; its mail address, passkeys and authenticator app are forgotten, and every visit \
            ends.

            Examples:
              aikagi portal users reset --data folder hanako01 --symbol 12345 --number 678
              aikagi portal users reset --data folder hanako01 --password-file pw
            """)

    @OptionGroup var portal: PortalDataOptions

    @Argument(help: "The account, by its user ID; capital letters make no difference.")
    var userID: String

    @OptionGroup var initial: InitialPasswordOptions

    func validate() throws { try OptionRules.check(portal.checkIsGiven) }

    func run() async throws {
        try await changingAccounts {
            let reset = try await portal.accounts().reset(
                userID: userID, initialPassword: try await initial.rule())
            Console.standard.result("reset \(reset)")
        }
    }
}
