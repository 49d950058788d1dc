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
