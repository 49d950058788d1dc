import BluetoothLE

extension BlueZState {
    /// The most devices that are remembered; the one heard longest ago makes room for another.
    static let maximumDeviceCount = 256

    /// Whether any client wants to hear low-energy devices.
    private var wantsToListen: Bool {
        discovering.contains { filters[$0]?.transport != .classic }
    }

    /// Starts or stops listening, as the clients want it; what was heard is forgotten with the last one.
    mutating func updateListening() {
        guard wantsToListen != isListening else { return }
        isListening.toggle()
        effects.listens = isListening
        guard !isListening else { return }
        // BlueZ forgets devices that do not take connections when discovery ends (discovery_cleanup).
        for path in devices.keys.sorted() { remove(path) }
    }

    /// A client does not discover any more.
    mutating func endDiscovery(of client: String) {
        guard discovering.remove(client) != nil else { return }
        if discovering.isEmpty {
            changed(
                Self.adapterPath, BlueZInterface.adapter.rawValue, ["Discovering": .boolean(false)])
        }
        updateListening()
    }

    /// An advertisement has been heard.
    mutating func hear(_ advertisement: ServiceDataAdvertisement, now: Duration) -> Effects {
        effects = Effects()
        guard isListening else { return effects }
        let wishes = discovering.map { filters[$0] ?? DiscoveryFilter() }
        if let path = devices.first(where: { $0.value.advertisement == advertisement })?.key {
            devices[path]?.lastHeard = now
            if wishes.contains(where: \.reportsDuplicates), let device = devices[path] {
                changed(path, BlueZInterface.device.rawValue, ["ServiceData": device.serviceData])
            }
        } else {
            let device = HeardDevice(advertisement, now: now, using: &random)
            if wishes.contains(where: { $0.accepts(device, signalStrength: configuration.signalStrength) }) {
                add(device)
            }
        }
        planWakeUp()
        return effects
    }

    /// A moment has come for which a wake-up was asked: devices not heard for a while are forgotten.
    mutating func expire(now: Duration) -> Effects {
        effects = Effects()
        pendingWakeUp = nil
        for (path, device) in devices.sorted(by: { $0.key < $1.key })
        where device.lastHeard + configuration.deviceLifetime <= now {
            remove(path)
        }
        planWakeUp()
        return effects
    }

    /// Asks for a wake-up at the moment at which the first device may be forgotten, unless one is coming anyway.
    private mutating func planWakeUp() {
        guard pendingWakeUp == nil, let first = devices.values.map(\.lastHeard).min() else { return }
        pendingWakeUp = first + configuration.deviceLifetime
        effects.wakeUp = pendingWakeUp
    }

    private mutating func add(_ device: HeardDevice) {
        if devices.count >= Self.maximumDeviceCount,
            let oldest = devices.min(by: { $0.value.lastHeard < $1.value.lastHeard })?.key
        {
            remove(oldest)
        }
        devices[device.path] = device
        effects.signals.append(
            DBusSignal(
                path: "/", interface: BlueZInterface.objectManager.rawValue, member: "InterfacesAdded",
                arguments: [.objectPath(device.path), managedInterfaces(of: .device(device.path))]))
    }

    /// Forgets a device.
    mutating func remove(_ path: String) {
        guard devices.removeValue(forKey: path) != nil else { return }
        effects.signals.append(
            DBusSignal(
                path: "/", interface: BlueZInterface.objectManager.rawValue, member: "InterfacesRemoved",
                arguments: [
                    .objectPath(path), .strings(BlueZObject.device(path).interfaces.map(\.rawValue).sorted()),
                ]))
    }
}
