import BluetoothLE
import CSystemd
import Glibc
import Synchronization

/// What the thread that serves the bus is to do, from other tasks.
enum BusCommand: Sendable {
    /// An advertisement has been heard.
    case hear(ServiceDataAdvertisement, now: Duration)
    /// The adapter is switched.
    case power(Bool)
    /// A wake-up that was asked for.
    case expire(now: Duration)
    /// The end, since something else has failed.
    case fail(VirtualBlueZError)
    /// The end.
    case stop
}

/// Commands for the thread that serves the bus; its file descriptor wakes the thread up.
final class BusMailbox: Sendable {
    private let commands = Mutex<[BusCommand]>([])

    /// Readable while there are commands; poll it for input.
    let fileDescriptor: CInt

    /// An empty mailbox.
    ///
    /// - Throws: ``VirtualBlueZError/noThread(reason:)`` when there is no file descriptor left.
    init() throws(VirtualBlueZError) {
        fileDescriptor = eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK))
        guard fileDescriptor >= 0 else { throw .noThread(reason: SystemError.text(errno)) }
    }

    deinit { close(fileDescriptor) }

    /// Adds a command.
    func post(_ command: BusCommand) {
        commands.withLock { $0.append(command) }
        // Fails only when the counter is full, and then the thread is awake anyway.
        eventfd_write(fileDescriptor, 1)
    }

    /// Takes all commands.
    func drain() -> [BusCommand] {
        var count: eventfd_t = 0
        eventfd_read(fileDescriptor, &count)
        return commands.withLock { commands in
            defer { commands = [] }
            return commands
        }
    }
}
