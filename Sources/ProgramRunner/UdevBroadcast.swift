import CLinuxProcess
import Dispatch
import Glibc
import HIDTransport
import Synchronization

/// Tells a program, and all that it starts, of devices that come and go, as udev would.
///
/// Such messages go to every listener of a network namespace, and only who owns it may send them. So the program's sockets
/// for them, and no others, are made in a namespace of our own, by a thread that lives there; its network stays the host's.
final class UdevBroadcast: Sendable {
    private let sender: SocketDescriptor
    private let listener: AsyncBox<CInt>
    private let sequenceNumber = Atomic<UInt64>(0)
    /// Why the program is not under the filter; zero if it is, or not yet.
    private let filterError = Atomic<CInt>(0)

    /// Where libudev looks whether there is a udev at all; without it no listener is set up.
    private static let udevFolder = "/run/udev"

    /// Starts the thread.
    ///
    /// - Throws: ``LaunchError/noHotPlug(reason:)``.
    init() async throws(LaunchError) {
        let listener = AsyncBox<CInt>()
        let socket: CInt = await withCheckedContinuation { continuation in
            let isStarted = OwnedThread.start {
                guard aikagi_enter_network_namespace() == 0 else { return continuation.resume(returning: -errno) }
                let socket = aikagi_uevent_socket(CInt(SOCK_RAW.rawValue) | CInt(SOCK_CLOEXEC.rawValue))
                continuation.resume(returning: socket < 0 ? -errno : socket)
                guard socket >= 0, let descriptor = listener.wait(), descriptor >= 0 else { return }
                while aikagi_uevent_answer(descriptor) == 0 {}
            }
            if !isStarted { continuation.resume(returning: -EAGAIN) }
        }
        guard socket >= 0 else { throw .noHotPlug(reason: errorText(-socket)) }
        sender = SocketDescriptor(takingOver: socket)
        self.listener = listener
    }

    deinit { listener.put(-1) }

    /// Puts the calling thread, and what it starts, under the filter; on the thread that starts the program.
    ///
    /// A program that could not be put under it sees the devices that are there when it starts, and no others.
    func adoptCallingThread() {
        let listener = aikagi_uevent_filter()
        if listener < 0 { filterError.store(errno, ordering: .releasing) }
        self.listener.put(listener)
    }

    /// Makes libudev believe that there is a udev, if there is none.
    ///
    /// - Throws: ``LaunchError``.
    static func pretendUdev() throws(LaunchError) {
        guard access(udevFolder + "/control", F_OK) != 0 else { return }
        if access(udevFolder, F_OK) == 0 {
            try InnerFileSystem.layCopy(over: udevFolder)
        } else {
            try InnerFileSystem.layCopy(over: "/run")
            guard mkdir(udevFolder, 0o755) == 0 else {
                throw .notWritten(path: udevFolder, reason: errorText(errno))
            }
        }
        try InnerFileSystem.makeFile(udevFolder + "/control")
    }

    /// Tells the listeners.
    ///
    /// - Throws: ``LaunchError/noHotPlug(reason:)``.
    func send(_ action: UdevMessage.Action, _ identity: HidrawIdentity, number: Int) throws(LaunchError) {
        let filterError = filterError.load(ordering: .acquiring)
        guard filterError == 0 else { throw .noHotPlug(reason: errorText(filterError)) }
        let message = UdevMessage.hidraw(
            action, path: HidrawSysfs.devicePath(identity, number: number), number: number,
            sequenceNumber: sequenceNumber.add(1, ordering: .relaxed).newValue)
        let failure = aikagi_uevent_send(sender.number, message, message.count)
        guard failure == 0 else { throw .noHotPlug(reason: errorText(failure)) }
    }
}

/// A value that one thread puts in and another waits for; the first counts.
final class AsyncBox<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let filled = DispatchSemaphore(value: 0)

    func put(_ newValue: Value) {
        let isFirst = value.withLock { value in
            guard value == nil else { return false }
            value = newValue
            return true
        }
        if isFirst { filled.signal() }
    }

    /// Blocks the thread, which should be one's own.
    func wait() -> Value? {
        filled.wait()
        return value.withLock(\.self)
    }
}
