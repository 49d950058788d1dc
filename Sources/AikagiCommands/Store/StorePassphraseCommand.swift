import ArgumentParser
import CredentialStorage

/// `aikagi store passphrase`.
struct StorePassphraseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "passphrase",
        abstract: "Set, change or remove the passphrase of a store's key file.",
        discussion: """
            A key file without passphrase is as good as the passkeys themselves to whoever can read it. The key stays the \
            same, and so does the store: programs that have it open go on.

            A passphrase does not reach backwards: copies of the former key file still open the store.

            Examples:
              aikagi store passphrase my-key.sqlite             asks for the new one, twice
              aikagi store passphrase my-key.sqlite --new-passphrase-file new
              aikagi store passphrase my-key.sqlite --remove --passphrase-file old
            """)

    @OptionGroup var store: StoreOptions

    @Option(
        help: ArgumentHelp(
            "A file whose only line is the new passphrase.", discussion: "Default: asked for at the terminal, twice.",
            valueName: "file"))
    var newPassphraseFile: String?

    @Flag(help: "Let the key file have no passphrase any more.")
    var remove = false

    func validate() throws { try OptionRules.check(checkOptions) }

    private func checkOptions() throws {
        if remove && newPassphraseFile != nil {
            throw ValidationError("--remove and --new-passphrase-file exclude each other")
        }
    }

    func run() async throws {
        try await runInterruptibly {
            let access = store.access
            let key = try await access.key()
            let wasSealed = try access.isSealed()
            guard !remove else {
                guard wasSealed else { throw CommandFailure("the key file \(access.keyFile) has no passphrase") }
                try key.reseal(fileAt: access.keyFile, under: nil)
                return Console.standard.note("\(access.keyFile) has no passphrase any more")
            }
            let passphrase = try await PassphraseInput.new(
                file: newPassphraseFile, option: "--new-passphrase-file",
                question: "New passphrase of \(access.keyFile)")
            try key.reseal(fileAt: access.keyFile, under: passphrase)
            Console.standard.note("\(access.keyFile) is sealed under \(wasSealed ? "the new" : "a") passphrase now")
        }
    }
}
