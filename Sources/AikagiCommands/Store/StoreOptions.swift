import ArgumentParser

/// Which store a subcommand of `aikagi store` is about.
struct StoreOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("The store (SQLite); its key file lies beside it.", valueName: "store"))
    var path: String

    @Option(help: StoreOptions.passphraseFileHelp)
    var passphraseFile: String?

    /// What every command says about the option.
    static let passphraseFileHelp = ArgumentHelp(
        "A file whose only line is the passphrase of the store's key file.",
        discussion: "Default: asked for at the terminal, if the key file has one.", valueName: "file")

    /// The store.
    var access: StoreAccess { StoreAccess(path: path, passphraseFile: passphraseFile) }
}
