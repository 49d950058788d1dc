import ProgramRunner

/// What other commands ask of a running session, one JSON object a line at its control socket.
struct SessionRequest: Codable, Hashable, Sendable {
    /// What is wanted.
    enum Command: String, Codable, Hashable, Sendable {
        /// Which devices there are.
        case list
        /// A key is plugged in, a phone taken in hand.
        case plug
        /// A key is taken out, a phone put away.
        case unplug
        /// A program wants to see the devices; the connection stays.
        case join
    }

    var command: Command
    /// The device that is meant; `nil` for the only one that it can be.
    var name: String?
}

/// The session's answer.
struct SessionReply: Codable, Hashable, Sendable {
    /// A key or a phone.
    struct Device: Codable, Hashable, Sendable {
        enum Kind: String, Codable, Hashable, Sendable {
            case key, phone
        }

        var kind: Kind
        var name: String
        /// Plugged in, or in hand.
        var isReady: Bool
    }

    /// What a program that joins has to be given.
    struct Seat: Codable, Hashable, Sendable {
        struct Key: Codable, Hashable, Sendable {
            var key: VirtualKey
            /// The Unix socket for its reports.
            var socket: String
            var isPlugged: Bool
        }

        var keys: [Key]
        var environment: [String: String]
        var removedVariables: [String]
        var binds: [ProgramPlan.Bind]
        var display: VirtualDisplay?
    }

    /// Why the wish was not granted; `nil` if it was.
    var error: String?
    var devices: [Device]?
    var seat: Seat?
}

/// What a session tells a program that has joined: that a key has come or gone.
struct SessionNotice: Codable, Hashable, Sendable {
    var key: Int
    var isPlugged: Bool
}
