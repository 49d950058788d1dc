import ArgumentParser
import CredentialStorage

/// `aikagi store import`.
struct StoreImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take over the credentials in a file that `aikagi store export` wrote.",
        discussion: """
            The store is made if there is none. Everything is imported, or, if something is in the way, nothing: an account \
            that has another credential, a credential with the same ID, a key of its own for credentials that are not \
            discoverable. What is there already and is the same is left alone.

            Two stores with the same credentials count signatures independently of each other: use one of them.

            Examples:
              aikagi store import new-key.sqlite backup.aikagi
              aikagi store import new-key.sqlite backup.aikagi --discoverable-only
            """)

    @OptionGroup var store: StoreOptions

    @Argument(help: "The file to read.")
    var file: String

    @Option(help: ExportFile.passphraseFileHelp)
    var exportPassphraseFile: String?

    @Flag(help: "Leave out the key of the credentials that are not discoverable.")
    var discoverableOnly = false

    func run() async throws {
        try await runInterruptibly {
            let sealed = try await ExportFile.read(file)
            let passphrase =
                if let exportPassphraseFile {
                    try await PassphraseInput.read(exportPassphraseFile)
                } else {
                    try await PassphraseInput.ask(
                        "Passphrase of \(file)", otherwise: "give --export-passphrase-file")
                }
            let export = try ExportFile.open(sealed, with: passphrase, name: file)
            // Only now, so that a file that does not open leaves no empty store behind.
            let store = try await store.access.open()
            let done = try await store.import(export, isDiscoverableOnly: discoverableOnly)
            let known = done.alreadyThere == 0 ? "" : ", \(done.alreadyThere) there already"
            Console.standard.note("\(counted(done.imported)) imported\(known)")
        }
    }
}
