/// Why a command ended without its purpose: a sentence, and the exit status.
struct CommandFailure: Error, CustomStringConvertible {
    /// What happened and what to do about it.
    let description: String

    init(_ description: String) { self.description = description }
}

/// The exit statuses of every command, as `--help` and the README state them.
enum ExitStatus {
    /// The purpose was not reached; standard error says why.
    static let failure: Int32 = 1
    /// A signal ended the command: 128 and its number, as shells do.
    static func signal(_ number: CInt) -> Int32 { 128 + number }
}
