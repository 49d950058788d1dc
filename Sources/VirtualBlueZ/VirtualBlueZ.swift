public import BluetoothLE
import Synchronization

/// A Bluetooth adapter that programs on a D-Bus believe in: the service `org.bluez`, as BlueZ 5.66 is to its clients.
///
/// What the adapter hears is what a ``BluetoothRadio`` hears. Programs find it when `DBUS_SYSTEM_BUS_ADDRESS` in their
/// environment names the bus, which is best a ``PrivateBus``.
///
/// It has one adapter `/org/bluez/hci0` that observes: discovery with filters, devices with service data coming and
/// going, power on and off, agents. It connects to nothing, pairs with nothing and advertises nothing, and says so when
/// asked. A call with arguments of other types is answered with `UnknownMethod`, as bluetoothd does.
public final class VirtualBlueZ: Sendable {
    private let radio: any BluetoothRadio
    private let address: String
    private let initialState: BlueZState
    private let time: ElapsedTime
    private let readiness = Readiness()
    private let mailbox: BusMailbox
    private let powered: Mutex<Bool>
    private let discovery: @Sendable (Bool) -> Void
    private let hasRun = Mutex(false)

    /// A service that is on the bus once it runs.
    ///
    /// - Parameters:
    ///   - radio: what the adapter hears.
    ///   - busAddress: the D-Bus address of the bus.
    ///   - adapter: what the adapter is.
    ///   - clock: by which devices are forgotten.
    ///   - randomness: where the devices' addresses come from.
    ///   - discovery: is told when the first client begins to discover, and when the last has ended.
    /// - Throws: ``VirtualBlueZError/noThread(reason:)`` when there is no file descriptor left.
    public init(
        radio: any BluetoothRadio, busAddress: String, adapter: VirtualAdapter = VirtualAdapter(),
        clock: any Clock<Duration> = ContinuousClock(),
        randomness: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(),
        discovery: @escaping @Sendable (Bool) -> Void = { _ in }
    ) throws(VirtualBlueZError) {
        self.discovery = discovery
        self.radio = radio
        address = busAddress
        initialState = BlueZState(configuration: adapter, random: randomness)
        time = ElapsedTime(clock)
        mailbox = try BusMailbox()
        powered = Mutex(adapter.isPowered)
    }

    /// Whether the adapter is on, as clients last made it or as it was set here.
    public var isPowered: Bool {
        get { powered.withLock(\.self) }
        set {
            powered.withLock { $0 = newValue }
            mailbox.post(.power(newValue))
        }
    }

    /// Waits until clients are served.
    ///
    /// - Throws: ``VirtualBlueZError/notRunning`` when it has ended or could not start, or `CancellationError`.
    public func ready() async throws {
        guard try await readiness.wait() else { throw VirtualBlueZError.notRunning }
    }

    /// Serves until the task is cancelled, then returns; may be called once.
    ///
    /// - Throws: ``VirtualBlueZError`` when it cannot start, when the bus goes, or when the radio fails.
    public func run() async throws {
        let isFirst = hasRun.withLock { hasRun in
            defer { hasRun = true }
            return !hasRun
        }
        guard isFirst else { throw VirtualBlueZError.notRunning }
        defer { readiness.end() }
        let (listens, listensContinuation) = AsyncStream<Bool>.makeStream()
        let (wakeUps, wakeUpsContinuation) = AsyncStream<Duration>.makeStream()
        let outlet = BusService.Outlet(
            ready: { [readiness] in readiness.begin() },
            listens: { [discovery] isListening in
                discovery(isListening)
                listensContinuation.yield(isListening)
            },
            wakeUp: { wakeUpsContinuation.yield($0) },
            powered: { self.note(powered: $0) })
        let (address, state, mailbox) = (address, initialState, mailbox)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await withTaskCancellationHandler {
                    try await OwnedThread.run {
                        try BusService(address: address, state: state, mailbox: mailbox, outlet: outlet)
                            .serve(address: address)
                    }
                } onCancel: {
                    mailbox.post(.stop)
                }
            }
            group.addTask { await self.listen(asToldBy: listens) }
            group.addTask { await self.wake(at: wakeUps) }
            // The service's thread ends only when told to; so does each of the others, or it fails.
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func note(powered value: Bool) { powered.withLock { $0 = value } }

    /// Listens to the radio whenever a client discovers.
    private func listen(asToldBy wishes: AsyncStream<Bool>) async {
        var wishes = wishes.makeAsyncIterator()
        while let wish = await wishes.next() {
            guard wish else { continue }
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.forwardAdvertisements() }
                while let wish = await wishes.next(), wish {}
                group.cancelAll()
            }
        }
    }

    /// Tells the service's thread what the radio hears, or that the radio has failed.
    private func forwardAdvertisements() async {
        do {
            for try await advertisement in try await radio.advertisements() {
                mailbox.post(.hear(advertisement, now: time.now))
            }
        } catch {
            guard !Task.isCancelled else { return }
            mailbox.post(.fail(.radio(reason: "\(error)")))
        }
    }

    /// Passes wake-ups to the service's thread, one after the other: it never asks for a second before the first.
    private func wake(at moments: AsyncStream<Duration>) async {
        for await moment in moments {
            // Cancelled: the stream ends too.
            do { try await time.sleep(until: moment) } catch { return }
            mailbox.post(.expire(now: time.now))
        }
    }
}
