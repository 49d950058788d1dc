import FoundationEssentials
import HIDTransport

/// What the process outside tells the one inside the namespace, as JSON in an inherited file.
struct InnerDescription: Codable, Equatable {
    /// A key, and the inherited socket that carries its reports.
    struct Key: Codable, Equatable {
        var identity: HidrawIdentity
        var socketDescriptor: Int32
        /// Whether it is plugged in when the program starts.
        var isPlugged: Bool
    }

    /// The process that must be the parent: if it is another, the right one has died already.
    var parentProcess: Int32
    /// The keys in the order of their numbers.
    var keys: [Key]
    /// The inherited socket of ``InnerControl``.
    var controlDescriptor: Int32 = -1
    /// What is mounted in another's place.
    var binds: [ProgramPlan.Bind] = []
    /// A screen of the program's own.
    var display: VirtualDisplay?
    /// The user that the program runs as, which is the one outside.
    var userID: UInt32
    /// The user's group.
    var groupID: UInt32
    /// The program and its arguments.
    var command: [String]
    /// What the environment has besides the inherited one, or instead of it.
    var environment: [String: String]
    /// Variables that the program does not get.
    var removedVariables: [String] = []
    /// Signals that were ignored when all began, such as SIGHUP under nohup, and that the program must ignore, too.
    var ignoredSignals: [Int32]
    /// Whether the program gets process IDs of its own, so that none of its descendants can survive.
    var hasOwnProcessIDs: Bool
    /// Where `bwrap` is.
    var bubblewrap: String

    /// The description as JSON.
    func encoded() throws -> [UInt8] { Array(try JSONEncoder().encode(self)) }

    /// A description from JSON.
    init(decoding bytes: [UInt8]) throws { self = try JSONDecoder().decode(InnerDescription.self, from: Data(bytes)) }

    init(
        parentProcess: Int32, keys: [Key], userID: UInt32, groupID: UInt32, command: [String],
        environment: [String: String], ignoredSignals: [Int32], hasOwnProcessIDs: Bool, bubblewrap: String
    ) {
        self.parentProcess = parentProcess
        self.keys = keys
        self.userID = userID
        self.groupID = groupID
        self.command = command
        self.environment = environment
        self.ignoredSignals = ignoredSignals
        self.hasOwnProcessIDs = hasOwnProcessIDs
        self.bubblewrap = bubblewrap
    }
}
