import ArgumentParser
import Portal

/// `aikagi portal users list`.
struct ListUsersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the accounts, and where each stands.",
        usage: "aikagi portal users list --data <dir> [--json]",
        discussion: """
            One line each: user ID, where the first login stands (dateOfBirth, terms, mailAddress, mailConfirmation, \
            method, newPassword, complete), how the person proves more than the password (passkey, totp, mail), the \
            number of passkeys, the name.

            Examples:
              aikagi portal users list --data folder
            """)

    @OptionGroup var portal: PortalDataOptions

    @OptionGroup var output: PortalOutputOptions

    private struct Line: Encodable {
        var event = "account"
        var userID: String
        var name: String
        var dateOfBirth: String
        var step: String
        var method: String?
        var passkeys: Int
    }

    func validate() throws { try OptionRules.check(portal.checkIsGiven) }

    func run() async throws {
        for account in try await portal.accounts().list() {
            if output.json {
                Console.standard.json(
                    Line(
                        userID: account.userID, name: account.name, dateOfBirth: "\(account.dateOfBirth)",
                        step: account.step, method: account.method, passkeys: account.passkeyCount))
            } else {
                let columns = [
                    account.userID.padded(to: 16), account.step.padded(to: 16), (account.method ?? "-").padded(to: 8),
                    String(account.passkeyCount).padded(to: 3), account.name,
                ]
                Console.standard.result(columns.joined(separator: " "))
            }
        }
    }
}
