/// What to run, and what is different for it.
public struct ProgramPlan: Sendable {
    /// The program, searched in PATH, and its arguments.
    public var command: [String]
    /// What the program's environment has besides ours, or instead of it; `nil` takes a variable away.
    public var environment: [String: String?]
    /// The keys that the program will see, as `/dev/hidraw0` and so on.
    public var keys: [AttachedKey]
    /// Folders and files that the program finds in another's place.
    public var binds: [Bind]
    /// A screen of its own; without one it has ours.
    public var display: VirtualDisplay?
    /// Whether the program gets process numbers of its own.
    ///
    /// Then none of its descendants can survive it; else only the program itself is sure to end with us.
    public var hasOwnProcessIDs = true

    /// A program for which nothing is different.
    public init(
        command: [String], environment: [String: String?] = [:], keys: [AttachedKey] = [], binds: [Bind] = [],
        display: VirtualDisplay? = nil
    ) {
        self.command = command
        self.environment = environment
        self.keys = keys
        self.binds = binds
        self.display = display
    }

    /// A folder or file in another's place, for the program alone.
    public struct Bind: Hashable, Sendable, Codable {
        /// What the program will find.
        public var source: String
        /// Where it will find it; must exist and be of the same kind.
        public var target: String

        /// A bind mount.
        public init(_ source: String, at target: String) {
            self.source = source
            self.target = target
        }
    }
}

/// A screen that exists in memory only, for a program without one: Xvfb, which nobody but the program can reach.
public struct VirtualDisplay: Hashable, Sendable, Codable {
    /// Where `Xvfb` is.
    public var program: String
    /// An existing folder, in which Xvfb keeps its screen (`Xvfb_screen0`, an X window dump) and its complaints.
    public var folder: String
    /// Its width in pixels.
    public var width: Int
    /// Its height in pixels.
    public var height: Int

    /// A screen that is large enough for a browser.
    public init(program: String, folder: String, width: Int = 1280, height: Int = 1024) {
        self.program = program
        self.folder = folder
        self.width = width
        self.height = height
    }
}
