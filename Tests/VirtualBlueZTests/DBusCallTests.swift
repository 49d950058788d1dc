import BluetoothLE
import Foundation
import TestSupport
import Testing

@testable import VirtualBlueZ

/// What gdbus and busctl, which know nothing about BlueZ, are answered.
@Suite(
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/gdbus"), "gdbus is not installed"),
    .timeLimit(.minutes(1)))
struct DBusCallTests {
    private static let adapter = "/org/bluez/hci0"
    private static let properties = "org.freedesktop.DBus.Properties."

    private static let refusals: [(path: String, method: String, arguments: [String], error: String)] = [
        (adapter, properties + "Set", ["org.bluez.Adapter1", "Address", "<'00:00:00:00:00:00'>"], "PropertyReadOnly"),
        (adapter, properties + "Set", ["org.bluez.Adapter1", "Powered", "<'on'>"], "InvalidSignature"),
        (adapter, properties + "Set", ["org.bluez.Adapter1", "Powered", "<<true>>"], "InvalidSignature"),
        (adapter, properties + "Set", ["org.bluez.Adapter1", "Colour", "<true>"], "UnknownProperty"),
        (adapter, properties + "Set", ["org.bluez.Nothing1", "Powered", "<true>"], "InvalidArgs"),
        (adapter, properties + "Get", ["org.bluez.Adapter1", "Colour"], "UnknownProperty"),
        (adapter, properties + "Get", ["org.bluez.Device1", "Address"], "InvalidArgs"),
        (adapter, properties + "GetAll", ["org.bluez.Nothing1"], "InvalidArgs"),
        (adapter, "org.bluez.Adapter1.Explode", [], "UnknownMethod"),
        (adapter, "org.bluez.Adapter1.StartDiscovery", ["'now'"], "UnknownMethod"),
        (adapter, "org.bluez.Adapter1.GetDiscoveryFilters", ["{}"], "UnknownMethod"),
        (adapter, "org.bluez.Adapter1.SetDiscoveryFilter", ["{'Transport': <'pigeon'>}"], "InvalidArguments"),
        (adapter, "org.bluez.Adapter1.SetDiscoveryFilter", ["{'Transport': <1>}"], "InvalidArguments"),
        (adapter, "org.bluez.Adapter1.SetDiscoveryFilter", ["{'UUIDs': <['nonsense']>}"], "InvalidArguments"),
        (adapter, "org.bluez.Adapter1.SetDiscoveryFilter", ["{'Colour': <'red'>}"], "InvalidArguments"),
        (
            adapter, "org.bluez.Adapter1.SetDiscoveryFilter",
            ["{'RSSI': <int16 -60>, 'Pathloss': <uint16 20>}"], "InvalidArguments"
        ),
        (adapter, "org.bluez.Adapter1.StopDiscovery", [], "No discovery started"),
        (adapter, "org.bluez.Adapter1.RemoveDevice", ["/org/bluez/hci0/dev_00"], "DoesNotExist"),
        (adapter, "org.bluez.GattManager1.RegisterApplication", ["/app", "{}"], "NotSupported"),
        (adapter, "org.bluez.LEAdvertisingManager1.RegisterAdvertisement", ["/ad", "{}"], "NotSupported"),
        ("/org/bluez", "org.bluez.AgentManager1.RegisterAgent", ["/agent", "Telepathy"], "InvalidArguments"),
        ("/org/bluez", "org.bluez.AgentManager1.UnregisterAgent", ["/agent"], "DoesNotExist"),
        ("/org/bluez", "org.bluez.AgentManager1.RequestDefaultAgent", ["/agent"], "DoesNotExist"),
        ("/org/bluez/hci1", properties + "GetAll", ["org.bluez.Adapter1"], "UnknownObject"),
        ("/nowhere", "org.bluez.Adapter1.StartDiscovery", [], "UnknownObject"),
    ]

    @Test("what BlueZ refuses is refused in its words, and it goes on answering")
    func refusals() async throws {
        try await BusHarness.run { harness in
            for refusal in Self.refusals {
                let answer = try await harness.call(refusal.path, refusal.method, refusal.arguments)
                #expect(answer.status != 0)
                #expect(answer.text.contains(refusal.error), "\(refusal): \(answer.text)")
            }
            let answer = try await harness.call(
                Self.adapter, Self.properties + "Get", ["org.bluez.Adapter1", "Address"])
            #expect(answer.text == "(<'02:A1:CA:61:00:01'>,)\n")
        }
    }

    @Test("what BlueZ does is done")
    func answers() async throws {
        try await BusHarness.run { harness in
            let alias = ["org.bluez.Adapter1", "Alias"]
            #expect(try await harness.call(Self.adapter, Self.properties + "Set", alias + ["<'試験'>"]).text == "()\n")
            #expect(try await harness.call(Self.adapter, Self.properties + "Get", alias).text == "(<'試験'>,)\n")
            #expect(try await harness.call(Self.adapter, Self.properties + "Set", alias + ["<''>"]).text == "()\n")
            #expect(try await harness.call(Self.adapter, Self.properties + "Get", alias).text == "(<'aikagi'>,)\n")
            let filters = try await harness.call(Self.adapter, "org.bluez.Adapter1.GetDiscoveryFilters")
            #expect(filters.text.contains("'Transport'"))
            let objects = try await harness.call("/", "org.freedesktop.DBus.ObjectManager.GetManagedObjects")
            #expect(objects.text.contains("'/org/bluez/hci0': {'org.bluez.Adapter1'"))
            let peer = try await harness.call("/", "org.freedesktop.DBus.Peer.Ping")
            #expect(peer.text == "()\n")
            let agent = try await harness.call("/org/bluez", "org.bluez.AgentManager1.RegisterAgent", ["/a", ""])
            #expect(agent.text == "()\n")
        }
    }

    @Test("the tree of objects can be walked by introspection")
    func introspection() async throws {
        try await BusHarness.run { harness in
            let tree = try await harness.output(
                of: "busctl", "--address=\(harness.bus.address)", "--list", "tree", "org.bluez")
            #expect(tree.text == "/\n/org\n/org/bluez\n/org/bluez/hci0\n", "\(tree.text)")
            let interfaces = try await harness.output(
                of: "busctl", "--address=\(harness.bus.address)", "introspect", "org.bluez", "/org/bluez/hci0")
            #expect(interfaces.status == 0)
            #expect(interfaces.text.contains(".SetDiscoveryFilter"), "\(interfaces.text)")
        }
    }

    @Test("a client that leaves while it discovers is forgotten")
    func departure() async throws {
        let radio = ObservedRadio()
        try await BusHarness.run(radio: radio) { harness in
            var scans = radio.scans.makeAsyncIterator()
            // gdbus ends right after its call.
            let answer = try await harness.call(Self.adapter, "org.bluez.Adapter1.StartDiscovery")
            #expect(answer.text == "()\n")
            #expect(await scans.next() == true)
            #expect(await scans.next() == false)
        }
    }

    @Test("whoever wants to know is told once when discovery begins and once when it has ended, however many discover")
    func discovery() async throws {
        let (states, state) = AsyncStream.makeStream(of: Bool.self)
        try await BusHarness.run(discovery: { state.yield($0) }) { harness in
            try await harness.withBluetoothctl { first in
                first.type("scan on")
                _ = try await first.read(until: /Discovery started/)
                try await harness.withBluetoothctl { second in
                    second.type("scan on")
                    _ = try await second.read(until: /Discovery started/)
                    second.type("scan off")
                    _ = try await second.read(until: /Discovery stopped/)
                }
                first.type("scan off")
                _ = try await first.read(until: /Discovery stopped/)
                first.type("scan on")
                _ = try await first.read(until: /Discovery started/)
            }
            var heard: [Bool] = []
            for await isOn in states {
                heard.append(isOn)
                if heard.count == 4 { break }
            }
            #expect(heard == [true, false, true, false])
        }
    }

    @Test("arguments of every type, and deep ones, are refused without harm")
    func nested() async throws {
        try await BusHarness.run { harness in
            let value =
                "{'UUIDs': <@a{sv} {'a': <(byte 1, true, int16 2, uint16 3, 4, uint32 5, int64 6, uint64 7, 8.5)>}>}"
            let answer = try await harness.call(
                Self.adapter, "org.bluez.Adapter1.SetDiscoveryFilter", [value])
            #expect(answer.text.contains("InvalidArguments"), "\(answer.text)")
            // A value deeper than anything is meant to be.
            let deep = String(repeating: "<", count: 40) + "1" + String(repeating: ">", count: 40)
            let refusal = try await harness.call(
                Self.adapter, Self.properties + "Set", ["org.bluez.Adapter1", "Alias", deep])
            #expect(refusal.status != 0)
        }
    }
}
