import Glibc
import HIDTransport

/// What the process outside asks of the one inside while the program runs: one line each, answered by one line.
///
///     plug N     →  ok, or a sentence that says why not
///     unplug N   →  the same
enum InnerControl {
    /// A command.
    enum Command: Hashable {
        case plug(Int)
        case unplug(Int)

        /// The line, without its end.
        var line: String {
            switch self {
            case .plug(let number): "plug \(number)"
            case .unplug(let number): "unplug \(number)"
            }
        }

        init?(line: String) {
            let words = line.split(separator: " ")
            guard words.count == 2, let number = Int(words[1]) else { return nil }
            switch words[0] {
            case "plug": self = .plug(number)
            case "unplug": self = .unplug(number)
            default: return nil
            }
        }
    }

    /// The answer to what was done.
    static let done = "ok"

    /// Reads a line of at most a thousand bytes; blocks.
    ///
    /// - Returns: `nil` at the end.
    static func readLine(from descriptor: CInt) -> String? {
        var text: [UInt8] = []
        var byte: UInt8 = 0
        while text.count < 1000 {
            let count = read(descriptor, &byte, 1)
            if count < 0 && errno == EINTR { continue }
            guard count == 1 else { return nil }
            if byte == UInt8(ascii: "\n") { return String(decoding: text, as: UTF8.self) }
            text.append(byte)
        }
        return nil
    }

    /// Writes a line; the other side's end is noticed when it is read from.
    static func writeLine(_ line: String, to descriptor: CInt) {
        let bytes = Array(line.utf8.filter { $0 != UInt8(ascii: "\n") }.prefix(900)) + [UInt8(ascii: "\n")]
        _ = send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL))
    }

    /// The commands that arrive, each to be answered with ``writeLine(_:to:)``.
    static func commands(from socket: SocketDescriptor) -> AsyncStream<Command> {
        let (commands, continuation) = AsyncStream.makeStream(of: Command.self)
        let isStarted = OwnedThread.start {
            while let line = readLine(from: socket.number) {
                if let command = Command(line: line) { continuation.yield(command) }
            }
            continuation.finish()
        }
        if !isStarted { continuation.finish() }
        return commands
    }
}
