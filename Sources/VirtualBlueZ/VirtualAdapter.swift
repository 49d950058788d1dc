/// What a ``VirtualBlueZ`` says about its Bluetooth adapter.
public struct VirtualAdapter: Sendable, Hashable {
    /// The public device address, written as BlueZ writes it.
    ///
    /// The usual one is locally administered (IEEE 802, second bit), so that no real adapter has it.
    public var address = "02:A1:CA:61:00:01"

    /// The system's name, which is also the alias that an empty one stands for.
    public var name = "aikagi"

    /// Whether it is switched on at first.
    public var isPowered = true

    /// The strength in dBm with which every advertisement is heard.
    public var signalStrength: Int16 = -50

    /// How long a device is remembered after it has been heard last: BlueZ's `TemporaryTimeout`.
    public var deviceLifetime: Duration = .seconds(30)

    /// An adapter that is switched on.
    public init() {}
}
