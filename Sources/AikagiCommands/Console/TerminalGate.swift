import SoftwareAuthenticator

/// Asks the person at the controlling terminal: `y` approves, `n` declines, `f` fails the verification.
final class TerminalGate: BiometricGate {
    private let terminal: ControllingTerminal
    private let device: String

    /// A gate at `/dev/tty`; `nil` when the process has no terminal.
    ///
    /// - Parameter device: Which device the question is about; empty for the only one.
    init?(device: String = "") {
        guard let terminal = ControllingTerminal() else { return nil }
        self.terminal = terminal
        self.device = device.printable
    }

    /// Asks, and asks again until the answer is one of the letters or the task is cancelled.
    func decide(_ request: UserRequest) async -> UserDecision {
        let verb =
            request.reason == .scan
            ? "Take the phone" : request.needsVerification ? "Touch the sensor" : "Touch the key"
        while !Task.isCancelled {
            terminal.say("\(device.isEmpty ? "" : device + ": ")\(verb) to \(request.question)? [y]es, [n]o, [f]ail: ")
            guard let answer = await terminal.line() else { return .timedOut }
            switch answer.lowercased().first {
            case "y": return .approved
            case "n": return .denied
            case "f": return .verificationFailed
            default: continue
            }
        }
        terminal.say("\n")
        return .timedOut
    }
}
