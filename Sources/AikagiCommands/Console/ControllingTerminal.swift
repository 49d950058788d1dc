import Dispatch
import Glibc

/// The person at the controlling terminal, whatever standard input and output are.
final class ControllingTerminal: Sendable {
    private let descriptor: CInt
    private let queue = DispatchQueue(label: "controlling terminal")

    /// Opens `/dev/tty`; `nil` when the process has no terminal.
    init?() {
        descriptor = open("/dev/tty", O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
    }

    deinit { close(descriptor) }

    /// Shows a text.
    func say(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(descriptor, bytes, bytes.count)  // a terminal that is gone is noticed when reading
    }

    /// A line that the person types, or `nil` at the end of the terminal or when the task is cancelled; a line that is too long
    /// reads as an empty one.
    func line(maximumByteCount: Int = 64) async -> String? {
        var text: [UInt8] = []
        var isTooLong = false
        while true {
            guard !Task.isCancelled, let byte = await byte() else { return nil }
            if byte == UInt8(ascii: "\n") { return isTooLong ? "" : String(decoding: text, as: UTF8.self) }
            if text.count < maximumByteCount { text.append(byte) } else { isTooLong = true }
        }
    }

    /// Asks for a line that is not shown while it is typed.
    func hiddenLine(_ question: String, maximumByteCount: Int) async -> String? {
        var usual = termios()
        guard tcgetattr(descriptor, &usual) == 0 else { return nil }
        var hidden = usual
        hidden.c_lflag &= ~tcflag_t(ECHO)
        guard tcsetattr(descriptor, TCSAFLUSH, &hidden) == 0 else { return nil }
        defer {
            tcsetattr(descriptor, TCSAFLUSH, &usual)
            say("\n")
        }
        // Only now, so that nobody types while it would still be shown.
        say(question)
        return await line(maximumByteCount: maximumByteCount)
    }

    /// Waits on a thread of its own, in slices, so that a cancelled question ends soon and no pool thread is blocked.
    private func byte() async -> UInt8? {
        while !Task.isCancelled {
            let descriptor = descriptor
            let answer: UInt8?? = await withCheckedContinuation { continuation in
                queue.async {
                    var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                    let ready = Glibc.poll(&poll, 1, 100)
                    guard ready > 0 else {
                        return continuation.resume(returning: ready < 0 && errno != EINTR ? nil : .some(nil))
                    }
                    var byte: UInt8 = 0
                    continuation.resume(returning: read(descriptor, &byte, 1) == 1 ? .some(.some(byte)) : nil)
                }
            }
            guard let answer else { return nil }
            if let byte = answer { return byte }
        }
        return nil
    }
}
