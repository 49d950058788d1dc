import ArgumentParser

/// Where running commands find each other.
struct RunDirectoryOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The folder where running commands find each other.",
            discussion: "Default: $XDG_RUNTIME_DIR/aikagi, else /tmp/aikagi-UID.", valueName: "dir"))
    var runDirectory: String?

    /// The folder, which now exists.
    func directory() throws(CommandFailure) -> RunDirectory {
        let directory = RunDirectory(runDirectory)
        try directory.create()
        return directory
    }
}
