import BluetoothLE
import Foundation
import TestSupport
import Testing

@testable import VirtualBlueZ

/// What Debian's `bluetoothctl` makes of it.
@Suite(
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/bluetoothctl"), "bluez is not installed"),
    .timeLimit(.minutes(1)))
struct BluetoothctlTests {
    @Test("it lists and shows the adapter")
    func listAndShow() async throws {
        try await BusHarness.run { harness in
            let list = try await harness.output(of: "bluetoothctl", "list")
            #expect(list.status == 0)
            #expect(list.text.contains("Controller 02:A1:CA:61:00:01 aikagi [default]"), "\(list.text)")
            let show = try await harness.output(of: "bluetoothctl", "show")
            #expect(show.status == 0)
            for line in [
                "Controller 02:A1:CA:61:00:01 (public)", "Name: aikagi", "Alias: aikagi", "Powered: yes",
                "Discoverable: no", "Pairable: yes", "Discovering: no", "Modalias: usb:v1D6Bp0246d0542",
                "Roles: central", "UUID: Generic Access Profile",
            ] { #expect(show.text.contains(line), "\(line) in \(show.text)") }
        }
    }

    @Test("it finds our phone while it scans, with its service data, and loses it when it stops")
    func scan() async throws {
        let radio = InProcessRadio()
        try await BusHarness.run(radio: radio) { harness in
            try await harness.withBluetoothctl { program in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await radio.advertise(.phone(0xAB)) }
                    program.type("scan on")
                    let text = try await program.read(until: /Device ((?:[0-9A-F]{2}:){5}[0-9A-F]{2})[^0-9A-F:]/)
                    let address = try #require(text.firstMatch(of: /Device ((?:[0-9A-F]{2}:){5}[0-9A-F]{2})/)).1
                    #expect(UInt8(address.prefix(2), radix: 16).map { $0 >> 6 } == 3, "random static: \(address)")
                    program.type("info \(address)")
                    let information = try await program.read(until: /ServiceData Value:[^\n]*\n[^\n]*ab ab ab ab/)
                    for line in [
                        "Device \(address) (random)", "Paired: no", "Trusted: no", "Connected: no",
                        "ServiceData Key: 0000fff9-0000-1000-8000-00805f9b34fb",
                    ] { #expect(information.contains(line), "\(line) in \(information)") }
                    program.type("scan off")
                    _ = try await program.read(until: /DEL/)
                    group.cancelAll()
                }
            }
        }
    }

    @Test("a scan for a given time finds our phone and ends well")
    func timedScan() async throws {
        let radio = InProcessRadio()
        try await BusHarness.run(radio: radio) { harness in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await radio.advertise(.phone()) }
                let scan = try await harness.output(of: "bluetoothctl", "--timeout", "3", "scan", "on")
                #expect(scan.status == 0)
                #expect(scan.text.contains("Discovery started"), "\(scan.text)")
                #expect(scan.text.contains("Device "), "\(scan.text)")
                // It has left, and nothing of its scan remains.
                let devices = try await harness.output(of: "bluetoothctl", "devices")
                #expect(!devices.text.contains("Device "), "\(devices.text)")
                group.cancelAll()
            }
        }
    }

    @Test("it switches the adapter off and on, and cannot scan in between")
    func power() async throws {
        try await BusHarness.run { harness in
            let off = try await harness.output(of: "bluetoothctl", "power", "off")
            #expect(off.text.contains("Changing power off succeeded"), "\(off.text)")
            #expect(!harness.bluez.isPowered)
            let show = try await harness.output(of: "bluetoothctl", "show")
            #expect(show.text.contains("Powered: no"), "\(show.text)")
            let scan = try await harness.output(of: "bluetoothctl", "--timeout", "1", "scan", "on")
            #expect(scan.text.contains("org.bluez.Error.NotReady"), "\(scan.text)")
            let on = try await harness.output(of: "bluetoothctl", "power", "on")
            #expect(on.text.contains("Changing power on succeeded"), "\(on.text)")
            #expect(harness.bluez.isPowered)
        }
    }

    @Test("power that is switched here is seen there")
    func scriptedPower() async throws {
        try await BusHarness.run { harness in
            try await harness.withBluetoothctl { program in
                _ = try await program.read(until: /Agent registered/)
                harness.bluez.isPowered = false
                _ = try await program.read(until: /Powered: no/)
                harness.bluez.isPowered = true
                _ = try await program.read(until: /Powered: yes/)
            }
        }
    }

    @Test("two clients scan; the radio is listened to until the second has gone, even if it is killed")
    func twoClients() async throws {
        let radio = ObservedRadio()
        try await BusHarness.run(radio: radio) { harness in
            var scans = radio.scans.makeAsyncIterator()
            try await harness.withBluetoothctl { first in
                first.type("scan on")
                #expect(await scans.next() == true)
                try await harness.withBluetoothctl { second in
                    second.type("scan on")
                    _ = try await second.read(until: /Discovery started/)
                    first.type("scan off")
                    _ = try await first.read(until: /Discovery stopped/)
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        group.addTask { try await radio.advertise(.phone(9)) }
                        _ = try await second.read(until: /Device (?:[0-9A-F]{2}:){5}/)
                        group.cancelAll()
                    }
                    second.kill9()
                    #expect(await scans.next() == false)
                }
            }
            let answer = try await harness.call(
                "/org/bluez/hci0", "org.freedesktop.DBus.Properties.Get", ["org.bluez.Adapter1", "Discovering"])
            #expect(answer.text == "(<false>,)\n")
        }
    }

    @Test("a phone that falls silent is forgotten after 30 s")
    func silence() async throws {
        let (radio, clock) = (InProcessRadio(), ManualClock())
        try await BusHarness.run(radio: radio, clock: clock) { harness in
            try await harness.withBluetoothctl { program in
                program.type("scan on")
                _ = try await program.read(until: /Discovery started/)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await radio.advertise(.phone()) }
                    _ = try await program.read(until: /Device (?:[0-9A-F]{2}:){5}/)
                    group.cancelAll()
                }
                await clock.sleepers(1)
                clock.advance(by: .seconds(30))
                _ = try await program.read(until: /DEL/)
            }
        }
    }
}
