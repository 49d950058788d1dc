import ArgumentParser

/// `aikagi store`.
struct StoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store",
        abstract: "Look after the stores in which keys and phones keep their passkeys.",
        discussion: """
            A store is an SQLite database and a key file beside it, whose name ends in .key. It may be in use meanwhile.

            Examples:
              aikagi store list my-key.sqlite
              aikagi store export my-key.sqlite backup.aikagi
              aikagi store import new-key.sqlite backup.aikagi
              aikagi store passphrase my-key.sqlite
            """,
        subcommands: [
            StoreListCommand.self, StoreExportCommand.self, StoreImportCommand.self, StorePassphraseCommand.self,
        ])
}
