import BluetoothLE
import TestSupport
import Testing

@testable import VirtualBlueZ

@Suite struct BlueZStateTests {
    private func state(_ adjust: (inout VirtualAdapter) -> Void = { _ in }) -> BlueZState {
        var adapter = VirtualAdapter()
        adjust(&adapter)
        return BlueZState(configuration: adapter, random: SeededGenerator(seed: 1))
    }

    private func call(
        _ member: String, _ arguments: [DBusValue] = [], from sender: String = ":1.1",
        on interface: BlueZInterface = .adapter, at path: String = BlueZState.adapterPath
    ) -> DBusCall {
        DBusCall(
            sender: sender, path: path, interface: interface.rawValue, member: member, arguments: arguments)
    }

    private func error(_ reply: Result<[DBusValue], DBusError>) -> DBusError? {
        if case .failure(let error) = reply { error } else { nil }
    }

    @Test("discovery is counted by client")
    func counting() {
        var state = state()
        #expect(state.answer(call("StartDiscovery")).effects.listens == true)
        #expect(error(state.answer(call("StartDiscovery")).reply) == .inProgress)
        #expect(state.answer(call("StartDiscovery", from: ":1.2")).effects.listens == nil)
        #expect(error(state.answer(call("StopDiscovery", from: ":1.3")).reply) == .failed("No discovery started"))
        #expect(state.answer(call("StopDiscovery")).effects == BlueZState.Effects())
        let last = state.clientVanished(":1.2")
        #expect(last.listens == false)
        #expect(last.signals.map(\.member) == ["PropertiesChanged"])
        #expect(state.clientVanished(":1.2") == BlueZState.Effects())
    }

    @Test("a device is told once, told again only to those who want repetitions, and forgotten in the end")
    func device() throws {
        var state = state()
        _ = state.answer(call("StartDiscovery"))
        let first = state.hear(.phone(), now: .seconds(1))
        #expect(first.signals.map(\.member) == ["InterfacesAdded"])
        #expect(first.wakeUp == .seconds(31))
        #expect(state.hear(.phone(), now: .seconds(2)) == BlueZState.Effects())
        _ = state.answer(
            call("SetDiscoveryFilter", [.properties(["DuplicateData": .boolean(true)])]))
        let repetition = state.hear(.phone(), now: .seconds(3))
        #expect(repetition.signals.map(\.member) == ["PropertiesChanged"])
        // Heard at 3 s last: not due at 31 s, but at 33 s.
        #expect(state.expire(now: .seconds(31)) == BlueZState.Effects(wakeUp: .seconds(33)))
        #expect(state.expire(now: .seconds(33)).signals.map(\.member) == ["InterfacesRemoved"])
        #expect(state.devices.isEmpty)
    }

    @Test("two advertisements are two devices with two addresses, and go with discovery")
    func addresses() {
        var state = state()
        _ = state.answer(call("StartDiscovery"))
        _ = state.hear(.phone(1), now: .zero)
        _ = state.hear(.phone(2), now: .zero)
        #expect(Set(state.devices.values.map(\.address)).count == 2)
        #expect(state.devices.values.allSatisfy { UInt8($0.address.prefix(2), radix: 16).map { $0 >> 6 } == 3 })
        let stop = state.answer(call("StopDiscovery")).effects
        #expect(stop.signals.map(\.member).sorted() == ["InterfacesRemoved", "InterfacesRemoved", "PropertiesChanged"])
        #expect(state.hear(.phone(3), now: .zero) == BlueZState.Effects())
    }

    @Test("nobody can fill the memory with advertisements")
    func flood() {
        var state = state()
        _ = state.answer(call("StartDiscovery"))
        for number in 0..<1000 {
            let data = [UInt8(number >> 8), UInt8(number & 0xFF)]
            _ = state.hear(ServiceDataAdvertisement(serviceUUID: 1, serviceData: data), now: .seconds(number))
        }
        #expect(state.devices.count == BlueZState.maximumDeviceCount)
    }

    private static let filters: [(filter: [String: DBusValue], hears: Bool)] = [
        ([:], true),
        (["Transport": .string("le")], true),
        (["Transport": .string("auto")], true),
        (["Transport": .string("bredr")], false),
        (["UUIDs": .strings([])], true),
        (["UUIDs": .strings(["fff9"])], true),
        (["UUIDs": .strings(["0xFFF9", "180d"])], true),
        (["UUIDs": .strings(["0000FFF9-0000-1000-8000-00805F9B34FB"])], true),
        (["UUIDs": .strings(["0000fde2-0000-1000-8000-00805f9b34fb"])], false),
        (["RSSI": .int16(-60)], true),
        (["RSSI": .int16(-40)], false),
        (["Pattern": .string("Phone")], false),
        (["Pattern": .string("")], true),
    ]

    @Test("a filter lets through what it is for", arguments: filters.indices)
    func filter(index: Int) {
        let (filter, hears) = Self.filters[index]
        var state = state()
        #expect(error(state.answer(call("SetDiscoveryFilter", [.properties(filter)])).reply) == nil)
        _ = state.answer(call("StartDiscovery"))
        _ = state.hear(.phone(), now: .zero)
        #expect(state.devices.isEmpty != hears)
    }

    @Test("switched off, the adapter forgets everything and does nothing until it is switched on")
    func power() {
        var state = state()
        _ = state.answer(call("StartDiscovery"))
        _ = state.hear(.phone(), now: .zero)
        let off = state.setPowered(false)
        #expect(off.listens == false)
        #expect(off.signals.map(\.member) == ["InterfacesRemoved", "PropertiesChanged"])
        #expect(state.adapterProperties["Class"] == .uint32(0))
        #expect(state.adapterProperties["Discovering"] == .boolean(false))
        for member in ["StartDiscovery", "StopDiscovery"] {
            #expect(error(state.answer(call(member)).reply) == .notReady)
        }
        #expect(
            error(state.answer(call("SetDiscoveryFilter", [.properties([:])])).reply) == .notReady)
        #expect(state.setPowered(false) == BlueZState.Effects())
        let set = call(
            "Set", [.string("org.bluez.Adapter1"), .string("Powered"), .variant(.boolean(true))], on: .properties)
        #expect(state.answer(set).effects.signals.map(\.member) == ["PropertiesChanged"])
        #expect(state.isPowered)
        #expect(state.answer(call("StartDiscovery")).effects.listens == true)
    }

    @Test("one agent for each client")
    func agents() {
        var state = state()
        func agent(_ member: String, _ arguments: [DBusValue], from sender: String = ":1.1") -> DBusError? {
            error(
                state.answer(call(member, arguments, from: sender, on: .agentManager, at: BlueZState.managerPath)).reply
            )
        }
        #expect(agent("RegisterAgent", [.objectPath("/a"), .string("KeyboardDisplay")]) == nil)
        #expect(agent("RegisterAgent", [.objectPath("/b"), .string("")]) == .alreadyExists)
        #expect(agent("RequestDefaultAgent", [.objectPath("/b")]) == .doesNotExist)
        #expect(agent("RequestDefaultAgent", [.objectPath("/a")]) == nil)
        #expect(agent("UnregisterAgent", [.objectPath("/a")], from: ":1.2") == .doesNotExist)
        #expect(agent("UnregisterAgent", [.objectPath("/a")]) == nil)
        #expect(agent("UnregisterAgent", [.objectPath("/a")]) == .doesNotExist)
        #expect(agent("RegisterAgent", [.objectPath("/a"), .string("")]) == nil)
        _ = state.clientVanished(":1.1")
        #expect(state.agents.isEmpty)
    }

    @Test("a device can be renamed, trusted and removed, but not connected to")
    func deviceCalls() throws {
        var state = state()
        _ = state.answer(call("StartDiscovery"))
        _ = state.hear(.phone(), now: .zero)
        let path = try #require(state.devices.keys.first)
        for (name, value) in [
            ("Alias", DBusValue.string("Mine")), ("Trusted", .boolean(true)), ("Blocked", .boolean(true)),
        ] {
            let set = call(
                "Set", [.string("org.bluez.Device1"), .string(name), .variant(value)], on: .properties, at: path)
            #expect(state.answer(set).effects.signals.map(\.member) == ["PropertiesChanged"])
            #expect(state.devices[path]?.properties(signalStrength: 0)[name] == value)
        }
        for member in ["Connect", "Disconnect", "Pair", "CancelPairing"] {
            #expect(error(state.answer(call(member, on: .device, at: path)).reply) != nil)
        }
        #expect(
            state.answer(call("RemoveDevice", [.objectPath(path)])).effects.signals.map(\.member)
                == ["InterfacesRemoved"])
        #expect(
            error(state.answer(call("Connect", on: .device, at: path)).reply)?.name.hasSuffix("UnknownObject") == true)
    }

    @Test("calls of all kinds never do harm", arguments: 0..<50)
    func garbage(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var state = state()
        let members = BlueZInterface.allCases.flatMap(\.methods).map(\.name) + ["Nothing", ""]
        let values: [DBusValue] = [
            .string(""), .string("org.bluez.Adapter1"), .string("Alias"), .objectPath("/"), .variant(.boolean(false)),
            .properties([:]), .properties(["UUIDs": .strings(["-"])]), .array(of: "{sv}", [.byte(1)]), .byte(0),
            .structure([]), .variant(.variant(.string("x"))),
        ]
        for _ in 0..<300 {
            let arguments = (0..<Int.random(in: 0...3, using: &generator)).compactMap { _ in
                values.randomElement(using: &generator)
            }
            _ = state.answer(
                DBusCall(
                    sender: ":1.\(Int.random(in: 0..<3, using: &generator))",
                    path: ["/", "/org", "/org/bluez", "/org/bluez/hci0", "/x"].randomElement(using: &generator) ?? "",
                    interface: BlueZInterface.allCases.randomElement(using: &generator)?.rawValue,
                    member: members.randomElement(using: &generator) ?? "", arguments: arguments))
        }
    }

    @Test("values know their types")
    func signatures() {
        #expect(DBusValue.properties(["a": .bytes([1])]).signature == "a{sv}")
        #expect(DBusValue.interfaces([:]).signature == "a{sa{sv}}")
        #expect(state().managedObjects.signature == "a{oa{sa{sv}}}")
        #expect(DBusValue.structure([.byte(1), .strings([])]).signature == "(yas)")
    }
}
