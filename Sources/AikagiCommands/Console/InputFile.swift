import Dispatch
import Glibc

/// Reads what a command is given as a file: a regular file, a pipe, or `-` for standard input.
enum InputFile {
    /// The bytes of a file.
    ///
    /// Waits for a pipe in slices on a thread of its own, so that a command that is interrupted ends soon.
    ///
    /// - Parameters:
    ///   - path: the file, or `-`.
    ///   - limit: how many bytes are accepted.
    /// - Throws: ``CommandFailure`` with a sentence, or `CancellationError`.
    static func read(_ path: String, limit: Int) async throws -> [UInt8] {
        let name = path == "-" ? "standard input" : "'\(path)'"
        let descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw CommandFailure("cannot read \(name): \(systemError())") }
        defer { close(descriptor) }
        let queue = DispatchQueue(label: "input file")
        var bytes: [UInt8] = []
        while true {
            try Task.checkCancellation()
            let slice = await withCheckedContinuation { continuation in
                queue.async { continuation.resume(returning: nextSlice(of: descriptor)) }
            }
            switch slice {
            case .nothingYet: continue
            case .end: return bytes
            case .failed(let reason): throw CommandFailure("cannot read \(name): \(reason)")
            case .bytes(let more):
                bytes += more
                guard bytes.count <= limit else {
                    throw CommandFailure("\(name) is longer than \(limit) bytes: is it the right file?")
                }
            }
        }
    }

    /// The text of a file.
    static func text(_ path: String, limit: Int = 1 << 20) async throws -> String {
        guard let text = String(validating: try await read(path, limit: limit), as: UTF8.self) else {
            throw CommandFailure("'\(path)' is not text in UTF-8")
        }
        return text
    }

    private enum Slice: Sendable {
        case bytes([UInt8])
        case nothingYet
        case end
        case failed(String)
    }

    private static func nextSlice(of descriptor: CInt) -> Slice {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let ready = poll(&waiting, 1, 100)
        if ready == 0 || (ready < 0 && errno == EINTR) { return .nothingYet }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        if count > 0 { return .bytes(Array(buffer.prefix(count))) }
        if count == 0 { return .end }
        return [EINTR, EAGAIN].contains(errno) ? .nothingYet : .failed(systemError())
    }

    private static func systemError() -> String { String(cString: strerror(errno)) }
}
