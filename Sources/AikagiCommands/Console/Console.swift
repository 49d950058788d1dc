import FoundationEssentials
import Glibc
import Synchronization

/// Where the commands write: results on standard output, everything else on standard error.
final class Console: Sendable {
    /// One of the two streams.
    enum Stream: CInt, Hashable, Sendable {
        /// Standard output.
        case output = 1
        /// Standard error.
        case error = 2
    }

    private let lock = Mutex(())
    private let sink: @Sendable (Stream, String) -> Void

    /// The process's own standard output and standard error.
    static let standard = Console { stream, text in Console.write(text, to: stream) }

    /// Why something could not be written to standard output, if that happened; a reader that has gone away is no failure.
    static var writeFailure: String? { lostOutput.withLock { $0 } }

    private static let lostOutput = Mutex<String?>(nil)

    /// A console that gives its lines, each with its line feed, to a function.
    init(sink: @escaping @Sendable (Stream, String) -> Void) { self.sink = sink }

    /// Whether standard error is a terminal, so that colours and progress make sense.
    let isTerminal = isatty(STDERR_FILENO) == 1

    /// A line of result on standard output.
    func result(_ line: String) { lock.withLock { _ in sink(.output, line.printable + "\n") } }

    /// A line for the person at the terminal, on standard error.
    func note(_ line: String) { lock.withLock { _ in sink(.error, line.printable + "\n") } }

    /// A drawing of our own with its escape sequences, on standard error.
    func draw(_ lines: String) { lock.withLock { _ in sink(.error, lines) } }

    /// An error: `aikagi: message` on standard error.
    func error(_ message: String) { note("aikagi: \(message)") }

    /// One JSON object on a line of standard output, with its keys in order.
    func json(_ value: some Encodable) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else { return }  // our own types always encode
        json(line: String(decoding: data, as: UTF8.self))
    }

    /// One line of JSON that is written already, on standard output.
    func json(line: String) { lock.withLock { _ in sink(.output, line.printableJSON + "\n") } }

    private static func write(_ text: String, to stream: Stream) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(stream.rawValue, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                // It must not end a ceremony half way: the command says so at its end.
                let reason = String(cString: strerror(errno))
                if stream == .output && errno != EPIPE { lostOutput.withLock { $0 = reason } }
                return
            }
            rest = rest.dropFirst(count)
        }
    }
}
