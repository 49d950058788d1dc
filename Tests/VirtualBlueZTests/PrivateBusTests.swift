import BluetoothLE
import Foundation
import Testing

@testable import VirtualBlueZ

@Suite(
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/dbus-daemon"), "dbus-daemon is not installed"),
    .timeLimit(.minutes(1)))
struct PrivateBusTests {
    @Test("its socket is for its user only, and nothing is left of it")
    func life() async throws {
        try await BusHarness.withDirectory { directory in
            let bus = PrivateBus(directory: directory)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await bus.run() }
                try await bus.ready()
                let attributes = try FileManager.default.attributesOfItem(atPath: directory + "/bus")
                #expect(attributes[.posixPermissions] as? Int == 0o600)
                #expect(try Self.daemons(of: directory) == 1)
                group.cancelAll()
                try await group.waitForAll()
            }
            #expect(try Self.daemons(of: directory) == 0)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == [])
            await #expect(throws: PrivateBusError.notRunning) { try await bus.ready() }
        }
    }

    /// How many processes have the directory in their command line.
    private static func daemons(of directory: String) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { name in
            guard Int(name) != nil, let line = FileManager.default.contents(atPath: "/proc/\(name)/cmdline") else {
                return false
            }
            return String(decoding: line, as: UTF8.self).contains(directory)
        }.count
    }

    @Test("a directory of any name will do")
    func oddName() async throws {
        try await BusHarness.withDirectory { parent in
            let directory = parent + "/a b,c;d=%<&é>"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
            let bus = PrivateBus(directory: directory)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await bus.run() }
                try await bus.ready()
                group.cancelAll()
                try await group.waitForAll()
            }
        }
    }

    @Test("it says why it cannot start")
    func refusals() async throws {
        await #expect(throws: PrivateBusError.pathTooLong("/\(String(repeating: "x", count: 120))/bus")) {
            try await PrivateBus(directory: "/" + String(repeating: "x", count: 120)).run()
        }
        try await BusHarness.withDirectory { directory in
            let error = await #expect(throws: PrivateBusError.self) {
                try await PrivateBus(directory: directory + "/none").run()
            }
            #expect(error?.description.contains("No such file") == true)
            await #expect(throws: PrivateBusError.ended(reason: "it gave no reason")) {
                try await PrivateBus(directory: directory, executable: directory + "/none").run()
            }
            await #expect(throws: PrivateBusError.ended(reason: "it gave no reason")) {
                try await PrivateBus(directory: directory, executable: "/bin/true").run()
            }
            let files = try FileManager.default.contentsOfDirectory(atPath: directory)
            #expect(files == [])
        }
    }

    @Test("the adapter says why it cannot start, and that the bus has gone")
    func adapterRefusals() async throws {
        try await BusHarness.withDirectory { directory in
            let orphan = try VirtualBlueZ(radio: InProcessRadio(), busAddress: "unix:path=\(directory)/none")
            let error = await #expect(throws: VirtualBlueZError.self) { try await orphan.run() }
            #expect(error?.description.contains("No such file") == true, "\(String(describing: error))")
            await #expect(throws: VirtualBlueZError.notRunning) { try await orphan.ready() }
            await #expect(throws: VirtualBlueZError.notRunning) { try await orphan.run() }
        }
        try await BusHarness.run { harness in
            let second = try VirtualBlueZ(radio: InProcessRadio(), busAddress: harness.bus.address)
            await #expect(throws: VirtualBlueZError.nameTaken) { try await second.run() }
        }
        try await BusHarness.withDirectory { directory in
            let bus = PrivateBus(directory: directory)
            let bluez = try VirtualBlueZ(radio: InProcessRadio(), busAddress: bus.address)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await bus.run() }
                try await bus.ready()
                async let end: Void = bluez.run()
                try await bluez.ready()
                group.cancelAll()
                try await group.waitForAll()
                do {
                    try await end
                    Issue.record("it goes on without a bus")
                } catch VirtualBlueZError.connectionLost {}
            }
        }
    }

    @Test("a radio that fails ends it with the reason")
    func brokenRadio() async throws {
        try await BusHarness.withDirectory { directory in
            let bus = PrivateBus(directory: directory)
            let bluez = try VirtualBlueZ(radio: BrokenRadio(), busAddress: bus.address)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await bus.run() }
                try await bus.ready()
                let harness = BusHarness(directory: directory, bus: bus, bluez: bluez)
                group.addTask {
                    try await bluez.ready()
                    try await harness.withBluetoothctl { program in
                        program.type("scan on")
                        _ = await program.rest()
                    }
                }
                do {
                    try await bluez.run()
                    Issue.record("it goes on without a radio")
                } catch VirtualBlueZError.radio(reason: "no antenna") {}
                group.cancelAll()
            }
        }
    }
}
