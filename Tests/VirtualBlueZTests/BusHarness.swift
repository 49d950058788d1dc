import BluetoothLE
import Foundation
import TestSupport
import Testing

@testable import VirtualBlueZ

/// A private bus in a new directory with a virtual adapter on it.
struct BusHarness: Sendable {
    let directory: String
    let bus: PrivateBus
    let bluez: VirtualBlueZ

    /// Runs both, then the body, then ends both and waits until they have ended.
    static func run(
        radio: any BluetoothRadio = InProcessRadio(), clock: any Clock<Duration> = ContinuousClock(),
        adapter: VirtualAdapter = VirtualAdapter(), discovery: @escaping @Sendable (Bool) -> Void = { _ in },
        body: (BusHarness) async throws -> Void
    ) async throws {
        try await withDirectory { directory in
            let bus = PrivateBus(directory: directory)
            let bluez = try VirtualBlueZ(
                radio: radio, busAddress: bus.address, adapter: adapter, clock: clock,
                randomness: SeededGenerator(seed: 7), discovery: discovery)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await bus.run() }
                try await bus.ready()
                try await withThrowingTaskGroup(of: Void.self) { inner in
                    inner.addTask { try await bluez.run() }
                    try await bluez.ready()
                    try await body(BusHarness(directory: directory, bus: bus, bluez: bluez))
                    inner.cancelAll()
                    try await inner.waitForAll()
                }
                group.cancelAll()
                try await group.waitForAll()
            }
        }
    }

    /// A new directory that is removed afterwards; with a short path, as a socket is to be in it.
    static func withDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
        let directory = try #require(makeTemporaryDirectory())
        defer { try? FileManager.default.removeItem(atPath: directory) }
        return try await body(directory)
    }

    private static func makeTemporaryDirectory() -> String? {
        let path = "/tmp/vbz-\(UInt64.random(in: 0...UInt64.max))"
        let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o700]
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: false, attributes: attributes)
        } catch { return nil }
        return path
    }

    /// The environment of a program that is to see the adapter.
    var environment: [String: String] {
        ["DBUS_SYSTEM_BUS_ADDRESS": bus.address, "LC_ALL": "C.UTF-8", "HOME": directory, "PATH": "/usr/bin:/bin"]
    }

    /// Runs a program to its end; what it has said on both outputs, and its exit status.
    func output(of arguments: String...) async throws -> (text: String, status: CInt) {
        try await output(of: arguments)
    }

    /// The same for arguments that are in an array.
    func output(of arguments: [String]) async throws -> (text: String, status: CInt) {
        try await RunningProgram.run(arguments, environment: environment) { program in
            program.endInput()
            let text = await program.rest()
            return (text, try await program.exitStatus())
        }
    }

    /// Calls a method with gdbus.
    func call(_ path: String, _ method: String, _ arguments: [String] = []) async throws -> (text: String, status: CInt)
    {
        let start = ["gdbus", "call", "--address", bus.address, "--dest", "org.bluez", "-o", path, "-m", method, "--"]
        return try await output(of: start + arguments)
    }

    /// Runs an interactive bluetoothctl.
    func withBluetoothctl(_ body: (RunningProgram) async throws -> Void) async throws {
        try await RunningProgram.run(["bluetoothctl"], environment: environment, body: body)
    }
}

/// A radio that tells when it is listened to, and on which a test says what is heard.
final class ObservedRadio: BluetoothRadio {
    /// True for each scan that begins, false for each that ends.
    let scans: AsyncStream<Bool>
    private let scan: AsyncStream<Bool>.Continuation
    private let radio = InProcessRadio()

    init() { (scans, scan) = AsyncStream<Bool>.makeStream() }

    func advertise(_ advertisement: ServiceDataAdvertisement) async throws {
        try await radio.advertise(advertisement)
    }

    func advertisements() async throws -> AsyncThrowingStream<ServiceDataAdvertisement, any Error> {
        let source = try await radio.advertisements()
        let (stream, continuation) = AsyncThrowingStream<ServiceDataAdvertisement, any Error>.makeStream()
        scan.yield(true)
        let scan = scan
        let task = Task {
            for try await advertisement in source { continuation.yield(advertisement) }
        }
        continuation.onTermination = { _ in
            task.cancel()
            scan.yield(false)
        }
        return stream
    }
}

/// A radio that cannot be listened to.
struct BrokenRadio: BluetoothRadio {
    struct Failure: Error, CustomStringConvertible { var description: String { "no antenna" } }

    func advertise(_ advertisement: ServiceDataAdvertisement) async throws { throw Failure() }
    func advertisements() async throws -> AsyncThrowingStream<ServiceDataAdvertisement, any Error> { throw Failure() }
}

extension ServiceDataAdvertisement {
    /// The advertisement of a phone, as far as a listener can tell.
    static func phone(_ byte: UInt8 = 1) -> ServiceDataAdvertisement {
        ServiceDataAdvertisement(serviceUUID: 0xFFF9, serviceData: [UInt8](repeating: byte, count: 20))
    }
}
