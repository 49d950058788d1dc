import CSystemd
import Glibc

/// `org.bluez` on a bus: sd-bus and the state that answers, both of which belong to one thread from beginning to end.
final class BusService {
    /// Whom the thread tells what.
    struct Outlet: Sendable {
        /// The name is ours, and clients are served.
        var ready: @Sendable () -> Void
        /// Whether to listen to the radio from now on.
        var listens: @Sendable (Bool) -> Void
        /// A wake-up is wanted at this moment.
        var wakeUp: @Sendable (Duration) -> Void
        /// The adapter is on or off now.
        var powered: @Sendable (Bool) -> Void
    }

    private static let name = "org.bluez"
    private static let driver = "org.freedesktop.DBus"

    /// How long the bus may take to let us in, in microseconds.
    private static let connectionLimit: UInt64 = 10_000_000

    /// How many messages are answered before a look at the mailbox.
    private static let messagesPerRound = 64

    private let bus: OpaquePointer
    private let mailbox: BusMailbox
    private let outlet: Outlet
    private var state: BlueZState
    private var failure: VirtualBlueZError?

    /// Connects to a bus.
    ///
    /// - Throws: ``VirtualBlueZError/cannotConnect(address:reason:)``.
    init(address: String, state: BlueZState, mailbox: BusMailbox, outlet: Outlet) throws(VirtualBlueZError) {
        var new: OpaquePointer?
        let status = sd_bus_new(&new)
        guard status >= 0, let new else {
            throw .cannotConnect(address: address, reason: SystemError.text(status))
        }
        bus = new
        self.state = state
        self.mailbox = mailbox
        self.outlet = outlet
        let steps: [() -> CInt] = [
            { sd_bus_set_address(new, address) },
            { sd_bus_set_bus_client(new, 1) },
            // Nothing here takes file descriptors, so that nobody can fill our table with them.
            { sd_bus_negotiate_fds(new, 0) },
            { sd_bus_set_method_call_timeout(new, Self.connectionLimit) },
            { sd_bus_start(new) },
        ]
        for step in steps {
            let status = step()
            guard status >= 0 else { throw .cannotConnect(address: address, reason: SystemError.text(status)) }
        }
    }

    // Not flushed: that would wait for a bus that does not read.
    deinit { sd_bus_close_unref(bus) }

    /// Serves until told to stop.
    ///
    /// - Throws: ``VirtualBlueZError`` when the name is taken or the bus goes.
    func serve(address: String) throws(VirtualBlueZError) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        // The slots are the bus's (no slot is asked for), and the bus is ours: the context outlives the callbacks.
        var status = sd_bus_add_filter(bus, nil, busServiceFilter, context)
        let departures = "type='signal',sender='\(Self.driver)',interface='\(Self.driver)',member='NameOwnerChanged'"
        if status >= 0 { status = sd_bus_add_match(bus, nil, departures, busServiceIgnore, nil) }
        guard status >= 0 else { throw .cannotConnect(address: address, reason: SystemError.text(status)) }
        status = sd_bus_request_name(bus, Self.name, 0)
        if status == -EEXIST { throw .nameTaken }
        guard status >= 0 else { throw .cannotConnect(address: address, reason: SystemError.text(status)) }
        outlet.ready()
        while true {
            try process()
            for command in mailbox.drain() {
                switch command {
                case .hear(let advertisement, let now): carryOut(state.hear(advertisement, now: now))
                case .power(let powered): carryOut(state.setPowered(powered))
                case .expire(let now): carryOut(state.expire(now: now))
                case .fail(let error): throw error
                case .stop: return
                }
            }
            if let failure { throw failure }
            try wait()
        }
    }

    /// Answers what has come.
    private func process() throws(VirtualBlueZError) {
        for _ in 0..<Self.messagesPerRound {
            let status = sd_bus_process(bus, nil)
            guard status >= 0 else { throw .connectionLost(reason: SystemError.text(status)) }
            if status == 0 { return }
        }
    }

    /// Waits until the bus or the mailbox has something.
    private func wait() throws(VirtualBlueZError) {
        let events = sd_bus_get_events(bus)
        guard events >= 0 else { throw .connectionLost(reason: SystemError.text(events)) }
        var deadline = UInt64.max
        sd_bus_get_timeout(bus, &deadline)
        var files = [
            pollfd(fd: sd_bus_get_fd(bus), events: CShort(truncatingIfNeeded: events), revents: 0),
            pollfd(fd: mailbox.fileDescriptor, events: CShort(POLLIN), revents: 0),
        ]
        // A signal, or an early return, only means another round.
        poll(&files, nfds_t(files.count), Self.milliseconds(until: deadline))
    }

    /// What `poll` is to wait until a moment in microseconds of the monotonic clock; -1 for no end.
    private static func milliseconds(until deadline: UInt64) -> CInt {
        guard deadline != .max else { return -1 }
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let now = UInt64(clamping: time.tv_sec) * 1_000_000 + UInt64(clamping: time.tv_nsec) / 1000
        guard deadline > now else { return 0 }
        return CInt(clamping: (deadline - now) / 1000 + 1)
    }

    /// Takes a message from the bus.
    ///
    /// - Returns: whether it has been dealt with; libsystemd answers calls that have not.
    fileprivate func receive(_ message: OpaquePointer) -> Bool {
        if let call = BusMessage.call(message) {
            // Ping and GetMachineId are answered by libsystemd.
            guard call.interface != "org.freedesktop.DBus.Peer" else { return false }
            let (reply, effects) = state.answer(call)
            // In BlueZ too, what has changed is told before the reply.
            carryOut(effects)
            check(BusMessage.reply(reply, to: message))
            return true
        }
        if let name = BusMessage.departedClient(message, driver: Self.driver) {
            carryOut(state.clientVanished(name))
        }
        return false
    }

    private func carryOut(_ effects: BlueZState.Effects) {
        for signal in effects.signals { check(BusMessage.send(signal, on: bus)) }
        if let listens = effects.listens { outlet.listens(listens) }
        if let moment = effects.wakeUp { outlet.wakeUp(moment) }
        outlet.powered(state.isPowered)
    }

    /// Remembers that a message could not be sent.
    private func check(_ status: CInt) {
        // A call whose sender has gone meanwhile is no concern of ours; a bus that has gone is.
        guard status < 0, failure == nil else { return }
        failure = .connectionLost(reason: SystemError.text(status))
    }
}

private func busServiceFilter(
    message: OpaquePointer?, context: UnsafeMutableRawPointer?, error: UnsafeMutablePointer<sd_bus_error>?
) -> CInt {
    guard let message, let context else { return 0 }
    return Unmanaged<BusService>.fromOpaque(context).takeUnretainedValue().receive(message) ? 1 : 0
}

/// What the match's own callback does: the filter has seen the signal already.
private func busServiceIgnore(
    message: OpaquePointer?, context: UnsafeMutableRawPointer?, error: UnsafeMutablePointer<sd_bus_error>?
) -> CInt { 0 }
