import Dispatch
import Glibc

/// The lines that a person types on standard input.
struct TerminalLines: Sendable {
    private let descriptor: CInt
    private let queue = DispatchQueue(label: "terminal lines")

    /// A longer line is cut there, in bytes.
    private static let maximumByteCount = 4096

    /// The lines of a terminal, a pipe or a file.
    init(descriptor: CInt = STDIN_FILENO) { self.descriptor = descriptor }

    /// Calls a function for each line, until the end of the input or until the task is cancelled.
    ///
    /// Waits in slices on a thread of its own, so that no thread of the pool is blocked and a cancelled walk ends soon.
    func forEach(_ body: (String) async -> Void) async {
        var text: [UInt8] = []
        while !Task.isCancelled {
            switch await slice() {
            case .nothingYet: continue
            case .end:
                if !text.isEmpty { await body(TerminalLines.line(text)) }
                return
            case .bytes(let bytes):
                for byte in bytes {
                    if byte == UInt8(ascii: "\n") {
                        await body(TerminalLines.line(text))
                        text = []
                    } else if text.count < Self.maximumByteCount {
                        text.append(byte)
                    }
                }
            }
        }
    }

    private static func line(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes[...], as: UTF8.self)
    }

    private enum Slice: Sendable {
        case nothingYet
        case bytes([UInt8])
        case end
    }

    private func slice() async -> Slice {
        let descriptor = descriptor
        return await withCheckedContinuation { continuation in
            queue.async {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                let ready = poll(&waiting, 1, 100)
                if ready == 0 || (ready < 0 && errno == EINTR) { return continuation.resume(returning: .nothingYet) }
                var buffer = [UInt8](repeating: 0, count: 1024)
                let count = read(descriptor, &buffer, buffer.count)
                continuation.resume(returning: count > 0 ? .bytes(Array(buffer.prefix(count))) : .end)
            }
        }
    }
}
