import ArgumentParser

/// `aikagi phone`.
struct PhoneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "phone", abstract: "A phone with passkeys, in software.",
        subcommands: [PhoneScanCommand.self])
}
