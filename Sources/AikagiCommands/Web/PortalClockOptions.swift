import ArgumentParser
import Foundation
import Portal
import Synchronization

/// A portal's clock in the hand of whoever tests it.
struct PortalClockOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "For tests of what expires: the seconds in this file are added to the clock.",
            discussion: "It is read whenever the time matters: `echo 90000 > FILE` lets 25 hours pass.",
            valueName: "file"))
    var clockOffsetFile: String?

    /// Puts the clock into a configuration, and says so: nobody should take such a portal for a real one.
    ///
    /// - Throws: ``CommandFailure`` when the file cannot be read or holds something else.
    func apply(to configuration: inout PortalConfiguration, _ console: Console = .standard) throws {
        guard let path = clockOffsetFile else { return }
        let file = try ClockOffsetFile(path: path)
        console.note("the portal's clock is not the real one: '\(path)' moves it ahead, by \(file.seconds) s now")
        configuration.clock = { Date().addingTimeInterval(TimeInterval(file.seconds)) }
    }
}

/// A file with the seconds that a clock is ahead by.
final class ClockOffsetFile: Sendable {
    /// The most seconds, ten years.
    static let maximum = 10 * 365 * 86400

    private let path: String
    private let last: Mutex<Int>

    /// Reads the file for the first time.
    ///
    /// - Throws: ``CommandFailure`` that says what to write.
    init(path: String) throws(CommandFailure) {
        self.path = path
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw CommandFailure("cannot read '\(path)'; make it first: echo 0 > '\(path)'")
        }
        guard let seconds = ClockOffsetFile.seconds(text) else {
            throw CommandFailure(
                "'\(path)' must hold a number of seconds from 0 to \(ClockOffsetFile.maximum), in digits: "
                    + "echo 90000 > '\(path)'")
        }
        last = Mutex(seconds)
    }

    /// The seconds that it holds now; while it is being written, or holds something else, those that it held before.
    var seconds: Int {
        let read = (try? String(contentsOfFile: path, encoding: .utf8)).flatMap(ClockOffsetFile.seconds)
        return last.withLock { last in
            last = read ?? last
            return last
        }
    }

    private static func seconds(_ text: String) -> Int? {
        let digits = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let seconds = Int(digits),
            seconds <= maximum
        else { return nil }
        return seconds
    }
}
