import FoundationEssentials

/// What is asked of a running key, one JSON object a line at its control socket.
public struct ControlRequest: Codable, Hashable, Sendable {
    /// What is wanted.
    public enum Action: String, Codable, Hashable, Sendable, CaseIterable {
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

    /// What is wanted.
    public var action: Action
    /// An answer in the words of a gate's script, perhaps with a number of times behind it.
    public var answer: String?
    /// How far the clock goes forward.
    public var seconds: Double?

    /// The longest step of a clock: a year.
    public static let longestAdvance = 31_536_000.0

    /// Puts the parts together.
    public init(action: Action, answer: String? = nil, seconds: Double? = nil) {
        (self.action, self.answer, self.seconds) = (action, answer, seconds)
    }
}

extension ControlRequest {
    /// Reads a line.
    ///
    /// - Throws: What a request looks like, for the person who wrote another thing.
    public init(line: [UInt8]) throws(ControlRequestError) {
        do {
            self = try JSONDecoder().decode(ControlRequest.self, from: Data(String(decoding: line, as: UTF8.self).utf8))
        } catch DecodingError.keyNotFound(let key, _) {
            throw ControlRequestError(member: key.stringValue)
        } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
            DecodingError.dataCorrupted(let context)
        {
            throw ControlRequestError(member: context.codingPath.first?.stringValue)
        } catch {
            throw .notAnObject  // whatever else the decoder may call it
        }
    }
}
