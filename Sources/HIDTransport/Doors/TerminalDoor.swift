/// A pseudo-terminal that programs open in place of a hidraw device: libfido2 and its tools take it by its name.
///
/// They write 65 bytes, the report number 0 in front, and read 64. When the last program closes it, its channels and
/// what it has begun go, and what it has not read.
public struct TerminalDoor: Sendable {
    /// The name to give to programs, `/dev/pts/N`.
    public var path: String { terminal.path }

    private let terminal: PseudoTerminal
    private let thread: DoorThread

    /// A terminal that can be opened from now on.
    ///
    /// - Throws: ``ReportSocketError`` when the system has no more terminals.
    public init(on thread: DoorThread) throws(ReportSocketError) {
        terminal = try PseudoTerminal(on: thread)
        self.thread = thread
    }

    /// Serves the key until the task is cancelled.
    ///
    /// - Throws: ``ReportSocketError`` when the terminal fails.
    public func run(for key: DoorKey) async throws {
        try await DoorSession(key: key, connection: TerminalConnection(terminal, on: thread)).run()
    }
}
