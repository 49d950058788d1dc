import CTAPHID
import Glibc
import Synchronization

/// A pseudo-terminal as the far end of a door: one program at a time, as often as one likes.
final class TerminalConnection: DoorConnection {
    let outlastsPower = true
    private let terminal: PseudoTerminal
    private let thread: DoorThread
    private let pending = Mutex(TerminalReports())

    init(_ terminal: PseudoTerminal, on thread: DoorThread) {
        self.terminal = terminal
        self.thread = thread
    }

    func receive() async throws(ReportSocketError) -> DoorInput? {
        while !Task.isCancelled {
            if let report = pending.withLock({ $0.next() }) { return .report(report) }
            await thread.wait(for: POLLIN, of: [terminal.master.number, terminal.watch.number])
            // First what was written, then who has come and gone: so what a program that comes next writes is never
            // taken for the one's that has left.
            guard let bytes = try readNow() else {
                try terminal.reopen()
                pending.withLock { $0.reset() }
                return .clientLeft
            }
            let (hasLeft, isThere) = terminal.lookWhoIsThere()
            if hasLeft {
                terminal.flush()
                pending.withLock { pending in
                    if isThere { pending.begin(bytes) } else { pending.reset() }
                }
                return .clientLeft
            }
            if !bytes.isEmpty { pending.withLock { $0.append(bytes) } }
        }
        return nil
    }

    func send(_ reports: [HIDReport]) async throws(ReportSocketError) {
        do {
            try await terminal.master.write(ReportFraming.bare.encode(reports), isSocket: false)
        } catch .closed {
            // Nobody reads any more, or not this answer: the next program must not find a part of it.
            terminal.flush()
        }
    }

    /// What there is to read; `nil` when the terminal was hung up.
    private func readNow() throws(ReportSocketError) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = bytes.withUnsafeMutableBytes { read(terminal.master.number, $0.baseAddress, $0.count) }
            if count >= 0 { return Array(bytes[..<count]) }
            switch errno {
            case EINTR: continue
            case EAGAIN: return []
            case EIO: return nil
            case let number: throw .system(call: "read", errorNumber: number)
            }
        }
    }
}
