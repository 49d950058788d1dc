import ArgumentParser
import Foundation
import Portal

// `aikagi portal` and its subcommands share these: where a command and its subcommand both know an option, the parser gives
// it to whichever it meets first, and the other gets it through the common group.

/// Which portal.
struct PortalDataOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where accounts and mail are kept.",
            discussion: "Default of `aikagi portal`: a scratch folder, removed at the end.", valueName: "dir"))
    var data: String?

    /// Checks that the folder is given, for commands that cannot do without.
    func checkIsGiven() throws { _ = try folder() }

    private func folder() throws -> String {
        guard let data else {
            throw ValidationError("--data is missing: the folder that `aikagi portal --data` uses")
        }
        return data
    }

    private var databasePath: String { (data ?? "") + "/portal.sqlite" }

    /// Whether there is a portal in the folder.
    var isThere: Bool { FileManager.default.fileExists(atPath: databasePath) }

    /// The accounts of the portal in the folder.
    ///
    /// - Parameter creating: whether the folder may be made.
    func accounts(creating: Bool = false) throws -> PortalAccounts {
        let data = try folder()
        if creating {
            try createPrivateDirectory(data)
        } else if !isThere {
            throw CommandFailure("there is no portal in '\(data)'; add an account first, or name another folder")
        }
        do {
            return try PortalAccounts(databasePath: databasePath)
        } catch let error as PortalConfigurationError {
            throw CommandFailure("\(error)")
        } catch {
            throw CommandFailure("cannot open the portal in '\(data)': \(error)")
        }
    }
}

/// How results are printed.
struct PortalOutputOptions: ParsableArguments {
    @Flag(help: "Print JSON Lines: what --demo prints and where the portal listens, or the list of accounts.")
    var json = false
}

/// A password in a file.
struct PortalPasswordOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A file whose first line is a password.",
            discussion: "With --demo, that of the account 'demo' is written to it, for `aikagi register`; with users "
                + "add and reset, it is the initial password.", valueName: "file"))
    var passwordFile: String?
}
