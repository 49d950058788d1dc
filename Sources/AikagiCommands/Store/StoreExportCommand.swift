import ArgumentParser
import CredentialStorage

/// `aikagi store export`.
struct StoreExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a store's credentials into one file, sealed under a passphrase.",
        discussion: """
            The file has the discoverable credentials, the key of those that are not, and the signature counter. PIN, \
            fingers, settings and large blobs stay. An existing file is not overwritten; the new one has mode 0600.

            Examples:
              aikagi store export my-key.sqlite backup.aikagi
              aikagi store export my-key.sqlite backup.aikagi --export-passphrase-file pw
            """)

    @OptionGroup var store: StoreOptions

    @Argument(help: "The file to write.")
    var file: String

    @Option(help: ExportFile.passphraseFileHelp)
    var exportPassphraseFile: String?

    func run() async throws {
        try await runInterruptibly {
            let store = try await store.access.openExisting()
            try ExportFile.refuseExisting(file)
            let passphrase = try await PassphraseInput.new(
                file: exportPassphraseFile, option: "--export-passphrase-file",
                question: "Passphrase for \(file)")
            let export = try await store.export()
            try ExportFile.write(export, to: file, under: passphrase)
            Console.standard.note("\(counted(export.credentials.count)) exported to \(file)")
        }
    }
}

/// "1 credential", "2 credentials".
func counted(_ credentials: Int) -> String { "\(credentials) credential\(credentials == 1 ? "" : "s")" }
