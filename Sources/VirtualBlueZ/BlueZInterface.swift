/// The interfaces of BlueZ's objects, with their members as introspection shows them and calls have to match them.
enum BlueZInterface: String, CaseIterable {
    case introspectable = "org.freedesktop.DBus.Introspectable"
    case properties = "org.freedesktop.DBus.Properties"
    case objectManager = "org.freedesktop.DBus.ObjectManager"
    case agentManager = "org.bluez.AgentManager1"
    case adapter = "org.bluez.Adapter1"
    case gattManager = "org.bluez.GattManager1"
    case advertisingManager = "org.bluez.LEAdvertisingManager1"
    case device = "org.bluez.Device1"

    /// An argument of a method or a signal.
    typealias Argument = (name: String, type: String)

    /// A method with the arguments that go in and come out.
    struct Method {
        var name: String
        var input: [Argument]
        var output: [Argument]

        init(_ name: String, _ input: [Argument] = [], returns output: [Argument] = []) {
            self.name = name
            self.input = input
            self.output = output
        }

        /// The types of its arguments, one after the other.
        var signature: String { input.map(\.type).joined() }
    }

    /// What the interface's methods are.
    var methods: [Method] {
        switch self {
        case .introspectable: [Method("Introspect", returns: [("xml", "s")])]
        case .properties:
            [
                Method("Get", [("interface", "s"), ("name", "s")], returns: [("value", "v")]),
                Method("Set", [("interface", "s"), ("name", "s"), ("value", "v")]),
                Method("GetAll", [("interface", "s")], returns: [("properties", "a{sv}")]),
            ]
        case .objectManager: [Method("GetManagedObjects", returns: [("objects", "a{oa{sa{sv}}}")])]
        case .agentManager:
            [
                Method("RegisterAgent", [("agent", "o"), ("capability", "s")]),
                Method("UnregisterAgent", [("agent", "o")]),
                Method("RequestDefaultAgent", [("agent", "o")]),
            ]
        case .adapter:
            [
                Method("StartDiscovery"),
                Method("SetDiscoveryFilter", [("properties", "a{sv}")]),
                Method("StopDiscovery"),
                Method("RemoveDevice", [("device", "o")]),
                Method("GetDiscoveryFilters", returns: [("filters", "as")]),
            ]
        case .gattManager:
            [
                Method("RegisterApplication", [("application", "o"), ("options", "a{sv}")]),
                Method("UnregisterApplication", [("application", "o")]),
            ]
        case .advertisingManager:
            [
                Method("RegisterAdvertisement", [("advertisement", "o"), ("options", "a{sv}")]),
                Method("UnregisterAdvertisement", [("service", "o")]),
            ]
        case .device:
            [
                Method("Disconnect"), Method("Connect"), Method("ConnectProfile", [("UUID", "s")]),
                Method("DisconnectProfile", [("UUID", "s")]), Method("Pair"), Method("CancelPairing"),
            ]
        }
    }

    /// What the interface's signals are.
    var signals: [(name: String, arguments: [Argument])] {
        switch self {
        case .properties:
            [
                (
                    "PropertiesChanged",
                    [("interface", "s"), ("changed_properties", "a{sv}"), ("invalidated_properties", "as")]
                )
            ]
        case .objectManager:
            [
                ("InterfacesAdded", [("object", "o"), ("interfaces", "a{sa{sv}}")]),
                ("InterfacesRemoved", [("object", "o"), ("interfaces", "as")]),
            ]
        default: []
        }
    }

    /// The properties that clients can set, with their types.
    var writable: [String: String] {
        switch self {
        case .adapter:
            [
                "Alias": "s", "Powered": "b", "Discoverable": "b", "DiscoverableTimeout": "u", "Pairable": "b",
                "PairableTimeout": "u",
            ]
        case .device: ["Alias": "s", "Trusted": "b", "Blocked": "b"]
        default: [:]
        }
    }
}
