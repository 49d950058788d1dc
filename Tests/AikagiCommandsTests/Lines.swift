import Synchronization

@testable import AikagiCommands

/// Collects what a command would print.
final class Lines: Sendable {
    private let written = Mutex<[(Console.Stream, String)]>([])

    /// The console to hand to a command.
    var console: Console { Console { stream, text in self.written.withLock { $0.append((stream, text)) } } }

    /// What was written to one stream.
    func text(_ stream: Console.Stream) -> String {
        written.withLock { $0.filter { $0.0 == stream }.map(\.1).joined() }
    }
}
