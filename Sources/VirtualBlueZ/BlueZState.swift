/// What BlueZ knows and does, as a value without I/O: one adapter `hci0`, and the devices it hears.
///
/// Every method says in ``Effects`` what has to follow. Behaviour and words are those of BlueZ 5.66 and, below it, of
/// its D-Bus library, so that its clients cannot tell the difference; `PowerState` and other experimental members are
/// left out as bluetoothd leaves them out without `--experimental`.
struct BlueZState: Sendable {
    /// What has to follow a change.
    struct Effects: Equatable {
        /// To be sent, in order.
        var signals: [DBusSignal] = []
        /// Whether to listen to the radio from now on, when that changes.
        var listens: Bool?
        /// A moment at which ``BlueZState/expire(now:)`` is to be called.
        var wakeUp: Duration?
    }

    /// A pairing agent; nothing here ever asks it anything.
    struct Agent: Hashable, Sendable {
        var path: String
        var isDefault = false
    }

    static let managerPath = "/org/bluez"
    static let adapterPath = "/org/bluez/hci0"

    let configuration: VirtualAdapter
    var random: any RandomNumberGenerator & Sendable

    var isPowered: Bool
    var alias: String
    var isDiscoverable = false
    var discoverableTimeout: UInt32 = 180
    var isPairable = true
    var pairableTimeout: UInt32 = 0

    /// The clients that are discovering, by unique name.
    var discovering: Set<String> = []
    /// The filters that clients have set, whether they are discovering or not.
    var filters: [String: DiscoveryFilter] = [:]
    /// Whether the radio is listened to.
    var isListening = false
    /// The pairing agents, by the unique name of the client.
    var agents: [String: Agent] = [:]
    /// The devices that have been heard, by path.
    var devices: [String: HeardDevice] = [:]
    /// The moment for which a wake-up has been asked and has not come yet.
    var pendingWakeUp: Duration?

    /// What the call that is being answered brings about.
    var effects = Effects()

    init(configuration: VirtualAdapter, random: any RandomNumberGenerator & Sendable) {
        self.configuration = configuration
        self.random = random
        isPowered = configuration.isPowered
        alias = configuration.name
    }

    /// Answers a call.
    ///
    /// - Returns: the reply's values or the error, and what has to follow.
    mutating func answer(_ call: DBusCall) -> (reply: Result<[DBusValue], DBusError>, effects: Effects) {
        effects = Effects()
        let reply: Result<[DBusValue], DBusError>
        do throws(DBusError) {
            reply = .success(try dispatch(call))
        } catch {
            reply = .failure(error)
        }
        return (reply, effects)
    }

    /// A client has left the bus: what it asked for ends.
    mutating func clientVanished(_ name: String) -> Effects {
        effects = Effects()
        filters[name] = nil
        agents[name] = nil
        endDiscovery(of: name)
        return effects
    }

    /// Switches the adapter on or off.
    mutating func setPowered(_ powered: Bool) -> Effects {
        effects = Effects()
        changePower(powered)
        return effects
    }

    /// Tells everybody about new values of properties, and about properties that have none any more.
    mutating func changed(
        _ path: String, _ interface: String, _ properties: [String: DBusValue], invalidated: [String] = []
    ) {
        effects.signals.append(
            DBusSignal(
                path: path, interface: BlueZInterface.properties.rawValue, member: "PropertiesChanged",
                arguments: [.string(interface), .properties(properties), .strings(invalidated)]))
    }
}
