import Glibc
import Synchronization

/// A pseudo-terminal in raw mode whose slave end other programs open as if it were a hidraw device.
///
/// We keep the slave open ourselves: the master of a terminal that nobody has open fails, and forgets its mode.
final class PseudoTerminal: Sendable {
    /// The slave's name, `/dev/pts/N`.
    let path: String
    /// Our end, which does not block.
    let master: DoorDescriptor
    /// Tells of programs that open and close the slave.
    let watch: DoorDescriptor
    private let slave: Mutex<SocketDescriptor>
    /// How many times other programs have it open.
    private let openCount = Mutex(0)

    init(on thread: DoorThread) throws(ReportSocketError) {
        var ends: (master: CInt, slave: CInt) = (-1, -1)
        var name = [CChar](repeating: 0, count: 128)
        guard openpty(&ends.master, &ends.slave, &name, nil, nil) == 0 else {
            throw .system(call: "openpty", errorNumber: errno)
        }
        let slave = SocketDescriptor(takingOver: ends.slave)
        master = try DoorDescriptor(SocketDescriptor(takingOver: ends.master), on: thread)
        path = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try PseudoTerminal.makeRaw(slave)
        let notifier = inotify_init1(CInt(IN_CLOEXEC) | CInt(IN_NONBLOCK))
        guard notifier >= 0 else { throw .system(call: "inotify_init1", errorNumber: errno) }
        watch = try DoorDescriptor(SocketDescriptor(takingOver: notifier), on: thread)
        guard inotify_add_watch(notifier, path, UInt32(IN_OPEN) | UInt32(IN_CLOSE)) >= 0 else {
            throw .system(call: "inotify_add_watch", errorNumber: errno)
        }
        self.slave = Mutex(slave)
    }

    /// Drops what nobody has read.
    func flush() { slave.withLock { _ = tcflush($0.number, TCIFLUSH) } }

    /// Opens the slave again after it was hung up, which happens when a program whose controlling terminal it has
    /// become ends.
    func reopen() throws(ReportSocketError) {
        let number = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard number >= 0 else { throw .system(call: "open", errorNumber: errno) }
        let descriptor = SocketDescriptor(takingOver: number)
        try PseudoTerminal.makeRaw(descriptor)
        slave.withLock { $0 = descriptor }
        // Our own opening, and closing of the one before, are among what is told now.
        _ = openings()
        openCount.withLock { $0 = 0 }
    }

    /// Takes note of who has opened and closed the slave.
    ///
    /// - Returns: Whether the last of the programs has closed it since the last call, and whether one has it open now.
    func lookWhoIsThere() -> (hasLeft: Bool, isThere: Bool) {
        let openings = openings()
        return openCount.withLock { count in
            var hasLeft = false
            for isOpening in openings {
                count = max(count + (isOpening ? 1 : -1), 0)
                if count == 0 { hasLeft = true }
            }
            return (hasLeft, count > 0)
        }
    }

    /// One element for each opening (`true`) and closing since the last call.
    private func openings() -> [Bool] {
        var openings: [Bool] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = buffer.withUnsafeMutableBytes { read(watch.number, $0.baseAddress, $0.count) }
            guard count > 0 else { return openings }
            // A watch on a file, not on a folder: the entries have no names, and therefore one size.
            let size = MemoryLayout<inotify_event>.size
            for offset in stride(from: 0, through: count - size, by: size) {
                let event = buffer.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: inotify_event.self) }
                if event.mask & UInt32(IN_OPEN) != 0 { openings.append(true) }
                if event.mask & UInt32(IN_CLOSE) != 0 { openings.append(false) }
            }
        }
    }

    /// Bytes pass as they are, and a reader waits for 64 of them: it gets whole reports, as from hidraw.
    private static func makeRaw(_ slave: SocketDescriptor) throws(ReportSocketError) {
        var mode = termios()
        guard tcgetattr(slave.number, &mode) == 0 else { throw .system(call: "tcgetattr", errorNumber: errno) }
        cfmakeraw(&mode)
        withUnsafeMutableBytes(of: &mode.c_cc) { characters in
            characters[Int(VMIN)] = 64
            characters[Int(VTIME)] = 0
        }
        guard tcsetattr(slave.number, TCSANOW, &mode) == 0 else {
            throw .system(call: "tcsetattr", errorNumber: errno)
        }
    }
}
