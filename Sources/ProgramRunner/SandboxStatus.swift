import FoundationEssentials
import Glibc
import Synchronization

/// What bwrap tells about the program on its status descriptor: one JSON object a line.
final class SandboxStatus: Sendable {
    private struct State {
        var unread: [UInt8] = []
        var childProcess: Int32?
        var exitCode: Int32?
    }

    /// One line; other keys are of no interest.
    private struct Line: Decodable {
        var childProcess: Int32?
        var exitCode: Int32?

        enum CodingKeys: String, CodingKey {
            case childProcess = "child-pid"
            case exitCode = "exit-code"
        }
    }

    private let descriptor: CInt
    private let state = Mutex(State())

    /// Takes over the reading end of a pipe.
    init(takingOver descriptor: CInt) {
        self.descriptor = descriptor
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    deinit { close(descriptor) }

    /// The process that bwrap started, once it has: the program, or the first process of its process namespace.
    var childProcess: Int32? {
        refresh()
        return state.withLock(\.childProcess)
    }

    /// How the program ended; `nil` also when it could not be started at all.
    var exitCode: Int32? {
        refresh()
        return state.withLock(\.exitCode)
    }

    /// Reads what there is.
    private func refresh() {
        state.withLock { state in
            var buffer = [UInt8](repeating: 0, count: 1024)
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { break }
                state.unread += buffer.prefix(count)
            }
            while let end = state.unread.firstIndex(of: UInt8(ascii: "\n")) {
                let bytes = Data(state.unread[..<end])
                state.unread.removeSubrange(...end)
                // A line that we do not understand says nothing about the program.
                guard let line = try? JSONDecoder().decode(Line.self, from: bytes) else { continue }
                state.childProcess = line.childProcess ?? state.childProcess
                state.exitCode = line.exitCode ?? state.exitCode
            }
        }
    }
}
