import Synchronization

/// The power supply of a key with several doors: whenever it has been away, every door begins anew.
public final class KeyPower: Sendable {
    /// What became of the power.
    public enum Event: Hashable, Sendable {
        /// It was away for a moment.
        case cycled
        /// It is away from now on: the key is unplugged.
        case removed
        /// It is back.
        case restored
    }

    private let isKeyPlugged = Mutex(true)
    private let changes = ChangeCount()
    /// How many devices serve, by the generation that they belong to.
    private let devices = Mutex<[UInt64: Int]>([:])
    private let ends = ChangeCount()
    private let reset: @Sendable () async -> Void
    private let observe: @Sendable (Event) -> Void

    /// A power supply that is on.
    ///
    /// - Parameters:
    ///   - reset: Makes the authenticator forget what it keeps in memory only.
    ///   - observe: Is told afterwards what happened; must return at once.
    public init(reset: @escaping @Sendable () async -> Void, observe: @escaping @Sendable (Event) -> Void = { _ in }) {
        self.reset = reset
        self.observe = observe
    }

    /// Takes the power away and gives it back.
    ///
    /// Requests that are being worked on are cancelled without an answer, channels and locks are forgotten, at every
    /// door. When this returns, nobody is served by what was there before.
    ///
    /// - Returns: Whether there was power to take away.
    @discardableResult
    public func cycle() async -> Bool {
        guard isPlugged else { return false }
        await cut()
        observe(.cycled)
        return true
    }

    /// Takes the power away until it is given back, or gives it back.
    ///
    /// Without power, streams of reports are closed, and what comes in at other doors is lost.
    ///
    /// - Returns: Whether that has changed anything.
    @discardableResult
    public func set(isPlugged: Bool) async -> Bool {
        let hasChanged = isKeyPlugged.withLock { current in
            defer { current = isPlugged }
            return current != isPlugged
        }
        guard hasChanged else { return false }
        await cut()
        observe(isPlugged ? .restored : .removed)
        return true
    }

    /// Whether there is power.
    public var isPlugged: Bool { isKeyPlugged.withLock(\.self) }

    private func cut() async {
        changes.increment()
        let generation = generation
        await reset()
        while !Task.isCancelled {
            let count = ends.count
            if devices.withLock({ $0.keys.allSatisfy { $0 >= generation } }) { return }
            await ends.wait(beyond: count)
        }
    }

    /// Lets a device serve until ``wait(beyond:)`` returns; then ``end(_:)`` must follow.
    ///
    /// - Returns: The generation that it belongs to; `nil` while there is no power.
    func begin() -> UInt64? {
        devices.withLock { devices in
            let generation = generation
            guard isPlugged else { return nil }
            devices[generation, default: 0] += 1
            return generation
        }
    }

    /// A device of a generation serves no more.
    func end(_ generation: UInt64) {
        devices.withLock { devices in
            devices[generation, default: 1] -= 1
            if devices[generation] == 0 { devices[generation] = nil }
        }
        ends.increment()
    }

    /// How often the power has come or gone.
    var generation: UInt64 { changes.count }

    /// Waits until the power has come or gone more often than that, or the task is cancelled.
    func wait(beyond generation: UInt64) async { await changes.wait(beyond: generation) }
}
