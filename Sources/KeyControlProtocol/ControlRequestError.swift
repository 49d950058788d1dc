/// Why a line at a key's control socket is no request.
public enum ControlRequestError: Error, Hashable, Sendable {
    /// It is no JSON object.
    case notAnObject
    /// `action` is none.
    case action
    /// `answer` is no text.
    case answer
    /// `seconds` is no number.
    case seconds
    /// It has more bytes than are read.
    case tooLong

    /// What is wrong with a member of a JSON object, or with the whole.
    init(member: String?) {
        switch member {
        case "action": self = .action
        case "answer": self = .answer
        case "seconds": self = .seconds
        default: self = .notAnObject
        }
    }
}

extension ControlRequestError: CustomStringConvertible {
    /// A sentence for the person who wrote the line.
    public var description: String {
        switch self {
        case .notAnObject: #"a request is a JSON object on one line, such as {"action":"state"}"#
        case .action:
            "'action' is one of " + ControlRequest.Action.allCases.map(\.rawValue).joined(separator: ", ")
        case .answer: #"'answer' is text, such as "fail 2""#
        case .seconds: "'seconds' is a number, such as 30"
        case .tooLong: "a request has at most \(ControlRequestReader.lineLimit) bytes"
        }
    }
}
