import Foundation

/// What is asked of a running key, one JSON object a line at its control socket.
struct ControlRequest: Codable, Hashable, Sendable {
    /// What is wanted.
    enum Action: String, Codable, Hashable, Sendable, CaseIterable {
        /// The person answers the question that waits, or the next one, as `answer` says.
        case answer
        /// The person answers everything from now on as `answer` says.
        case always
        /// The power goes and comes back.
        case powerCycle = "power-cycle"
        /// The key is unplugged.
        case unplug
        /// The key is plugged in again.
        case plug
        /// The clock is put forward by `seconds`.
        case advanceClock = "clock-advance"
        /// The clock stands still.
        case stopClock = "clock-stop"
        /// The clock runs again.
        case startClock = "clock-start"
        /// How things are.
        case state
        /// Events, from the reply on.
        case watch
    }

    var action: Action
    /// An answer in the words of a gate's script, perhaps with a number of times behind it.
    var answer: String?
    var seconds: Double?

    /// The longest step of a clock: a year.
    static let longestAdvance = 31_536_000.0
}

extension ControlRequest {
    /// Reads a line.
    ///
    /// - Throws: What a request looks like, for the person who wrote another thing.
    init(line: String) throws(CommandFailure) {
        do {
            self = try JSONDecoder().decode(ControlRequest.self, from: Data(line.utf8))
        } catch DecodingError.keyNotFound(let key, _) {
            throw ControlRequest.refusal(key.stringValue)
        } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
            DecodingError.dataCorrupted(let context)
        {
            throw ControlRequest.refusal(context.codingPath.first?.stringValue)
        } catch {
            throw ControlRequest.refusal(nil)
        }
    }

    private static func refusal(_ member: String?) -> CommandFailure {
        switch member {
        case "action":
            CommandFailure("'action' is one of " + Action.allCases.map(\.rawValue).joined(separator: ", "))
        case "answer": CommandFailure(#"'answer' is text, such as "fail 2""#)
        case "seconds": CommandFailure("'seconds' is a number, such as 30")
        default: CommandFailure(#"a request is a JSON object on one line, such as {"action":"state"}"#)
        }
    }
}

/// The reply to each request.
struct ControlReply: Codable, Hashable, Sendable {
    /// How a key is.
    struct State: Codable, Hashable, Sendable {
        /// What the key's clock shows.
        struct Clock: Codable, Hashable, Sendable {
            var seconds: Double
            /// Whether it moves by itself.
            var isRunning: Bool
            /// How many wait for a time that it will show: time-outs, and answers that take a while.
            var sleepers: Int
        }

        /// An answer that takes a while, or is none.
        struct AnswerUnderWay: Codable, Hashable, Sendable {
            var question: GateQuestion
            /// In words.
            var answer: String
        }

        var isPlugged: Bool
        var clock: Clock
        /// The questions that wait for an answer from outside.
        var questions: [GateQuestion]
        /// The questions that have been answered, for whoever asks to hear so later or never.
        var underWay: [AnswerUnderWay]
        /// The answers to the questions to come, in words.
        var answers: [String]
        /// What is answered to all others, in words; `nil` as long as the key's gate does that.
        var always: String?
    }

    /// Why the wish was not granted; `nil` if it was.
    var error: String?
    /// How things are afterwards.
    var state: State?
}
