import Dispatch
import Glibc
import SoftwareAuthenticator

/// Asks the person at the controlling terminal: `y` approves, `n` declines, `f` fails the verification.
final class TerminalGate: BiometricGate {
    private let descriptor: CInt
    private let device: String
    private let queue = DispatchQueue(label: "terminal gate")

    /// A gate at `/dev/tty`; `nil` when the process has no terminal.
    ///
    /// - Parameter device: Which device the question is about; empty for the only one.
    init?(device: String = "") {
        self.device = device.printable
        descriptor = open("/dev/tty", O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
    }

    deinit { close(descriptor) }

    /// Asks, and asks again until the answer is one of the letters or the task is cancelled.
    func decide(_ request: UserRequest) async -> UserDecision {
        let verb =
            request.reason == .scan
            ? "Take the phone" : request.needsVerification ? "Touch the sensor" : "Touch the key"
        while !Task.isCancelled {
            say("\(device.isEmpty ? "" : device + ": ")\(verb) to \(request.question)? [y]es, [n]o, [f]ail: ")
            guard let answer = await line() else { return .timedOut }
            switch answer.lowercased().first {
            case "y": return .approved
            case "n": return .denied
            case "f": return .verificationFailed
            default: continue
            }
        }
        say("\n")
        return .timedOut
    }

    private func say(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(descriptor, bytes, bytes.count)  // a terminal that is gone is noticed when reading
    }

    /// A line that the person types, or `nil` at the end of the terminal or when the task is cancelled.
    private func line() async -> String? {
        var text: [UInt8] = []
        while text.count < 64 {
            guard !Task.isCancelled, let byte = await byte() else { return nil }
            if byte == UInt8(ascii: "\n") { return String(decoding: text, as: UTF8.self) }
            text.append(byte)
        }
        return ""
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
