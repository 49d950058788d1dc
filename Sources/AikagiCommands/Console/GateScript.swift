import SoftwareAuthenticator
import Synchronization

/// A person who follows a script: one answer after the other, the last one for ever, or from the start again.
///
///     # one answer a line; a number behind it repeats it
///     approve
///     fail 2
///     delay 1.5 finger left thumb
///     repeat
struct GateScript: Equatable, Sendable {
    /// The answers, at least one.
    let answers: [GateAnswer]
    /// Whether it begins anew after the last.
    let repeats: Bool

    /// Reads a script.
    ///
    /// - Throws: A ``CommandFailure`` that names the line that is wrong.
    init(_ text: String) throws(CommandFailure) {
        var (answers, repeats) = ([GateAnswer](), false)
        // Files from elsewhere may begin with a byte order mark, and end their lines with CR LF.
        let lines = text.trimmingPrefix("\u{FEFF}").split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (number, line) in lines.enumerated() {
            let content = line.prefix { $0.unicodeScalars.first != "#" }.split(whereSeparator: \.isWhitespace)
            guard !content.isEmpty else { continue }
            guard !repeats else {
                throw CommandFailure("line \(number + 1) of the gate's script comes after 'repeat'; put it before")
            }
            if content == ["repeat"], !answers.isEmpty {
                repeats = true
                continue
            }
            guard let repeated = GateAnswer.repeated(content.joined(separator: " ")) else {
                throw CommandFailure(
                    "line \(number + 1) of the gate's script ('\(content.joined(separator: " "))') is no answer; there are "
                        + "\(GateAnswer.vocabulary), repeat")
            }
            answers += repeated
        }
        guard !answers.isEmpty else { throw CommandFailure("the gate's script has no answer; write one a line") }
        (self.answers, self.repeats) = (answers, repeats)
    }
}

/// Follows a ``GateScript``.
final class ScriptGate: BiometricGate {
    private let script: GateScript
    private let clock: any Clock<Duration>
    private let position = Mutex(0)

    /// - Parameter clock: Measures delays.
    init(_ script: GateScript, clock: any Clock<Duration> = ContinuousClock()) {
        self.script = script
        self.clock = clock
    }

    func decide(_ request: UserRequest) async -> UserDecision {
        let answer = position.withLock { position in
            let current = position
            position += 1
            if position == script.answers.count { position = script.repeats ? 0 : script.answers.count - 1 }
            return script.answers[current]
        }
        return await answer.perform(on: clock)
    }
}
