import CTAP
import CTAPHID
import FoundationEssentials
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import HIDTransport

/// The far end of a door in the test's hands.
private final class ScriptedConnection: DoorConnection {
    /// What comes in; a wait for it that is cancelled takes nothing away.
    final class Input: Sendable {
        private let state = Mutex<(waiting: [DoorInput], taken: Int, isFinished: Bool)>(([], 0, false))
        private let changes = ChangeCount()

        /// How much has been taken.
        var takenCount: Int { state.withLock(\.taken) }

        func yield(_ input: DoorInput) {
            state.withLock { $0.waiting.append(input) }
            changes.increment()
        }

        func finish() {
            state.withLock { $0.isFinished = true }
            changes.increment()
        }

        func next() async -> DoorInput? {
            while !Task.isCancelled {
                let count = changes.count
                let (input, isFinished) = state.withLock { state -> (DoorInput?, Bool) in
                    guard !state.waiting.isEmpty else { return (nil, state.isFinished) }
                    state.taken += 1
                    return (state.waiting.removeFirst(), false)
                }
                if input != nil || isFinished { return input }
                await changes.wait(beyond: count)
            }
            return nil
        }
    }

    let outlastsPower: Bool
    let input = Input()
    let output: AsyncStream<HIDReport>
    private let outlet: AsyncStream<HIDReport>.Continuation

    init(outlastsPower: Bool = true) {
        self.outlastsPower = outlastsPower
        (output, outlet) = AsyncStream.makeStream(of: HIDReport.self)
    }

    func receive() async throws(ReportSocketError) -> DoorInput? { await input.next() }

    func send(_ reports: [HIDReport]) async throws(ReportSocketError) {
        for report in reports { outlet.yield(report) }
    }

    func put(_ command: CTAPHIDCommand, _ bytes: [UInt8], on channel: ChannelID) throws {
        for report in try CTAPHIDMessage(command: command, bytes: bytes).reports(on: channel) {
            input.yield(.report(report))
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct DoorTests {
    private let authenticator = ScriptedAuthenticator()
    private static let nonce: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]

    private func open(
        _ connection: ScriptedConnection, _ output: inout AsyncStream<HIDReport>.AsyncIterator
    ) async throws -> ChannelID {
        try connection.put(.initialize, DoorTests.nonce, on: .broadcast)
        let report = try #require(await output.next())
        #expect(Array(report.bytes[4..<15]) == [0x86, 0, 17] + DoorTests.nonce)
        return ChannelID(rawValue: report.bytes[15..<19].reduce(0) { $0 << 8 | UInt32($1) })
    }

    @Test("Power that is away for a moment ends what goes on at every door, and channels are forgotten")
    func power() async throws {
        let resets = Mutex(0)
        let power = KeyPower { resets.withLock { $0 += 1 } }
        let key = DoorKey(authenticator: authenticator, power: power)
        let connections = [ScriptedConnection(), ScriptedConnection()]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for connection in connections {
                group.addTask { try await DoorSession(key: key, connection: connection).run() }
            }
            var outputs = connections.map { $0.output.makeAsyncIterator() }
            let first = try await open(connections[0], &outputs[0])
            let second = try await open(connections[1], &outputs[1])
            #expect(first != second)
            try connections[1].put(.cbor, [0x01], on: second)
            #expect(await outputs[1].next()?.bytes[4] == 0xBB)
            connections[0].input.yield(.powerCycle)
            // Nothing of the request at the other door is heard any more but keepalives that were on their way.
            try connections[0].put(.ping, [], on: first)
            #expect(Array(try #require(await outputs[0].next()).bytes[4..<8]) == [0xBF, 0, 1, 0x0B])
            let third = try await open(connections[0], &outputs[0])
            #expect(third != first && third != second)
            for connection in connections { connection.input.finish() }
            try await group.waitForAll()
        }
        #expect(resets.withLock { $0 } == 1)
        #expect(authenticator.cancelledCount == 1)
    }

    @Test("Without power a stream ends; at other doors what comes in is lost until the power is back")
    func unplugged() async throws {
        let events = Mutex([KeyPower.Event]())
        let resets = Mutex(0)
        let power = KeyPower {
            resets.withLock { $0 += 1 }
        } observe: { event in
            events.withLock { $0.append(event) }
        }
        let key = DoorKey(authenticator: authenticator, power: power)
        let (stream, port) = (ScriptedConnection(outlastsPower: false), ScriptedConnection())
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await DoorSession(key: key, connection: stream).run() }
            var streamOutput = stream.output.makeAsyncIterator()
            _ = try await open(stream, &streamOutput)
            #expect(await power.set(isPlugged: false))
            #expect(await !power.set(isPlugged: false))
            // There is no power to be taken away.
            #expect(await !power.cycle())
            try await group.waitForAll()
            // One that comes meanwhile ends at once.
            try await DoorSession(key: key, connection: ScriptedConnection(outlastsPower: false)).run()
            try port.put(.initialize, DoorTests.nonce, on: .broadcast)
            port.input.yield(.powerCycle)
            group.addTask { try await DoorSession(key: key, connection: port).run() }
            while port.input.takenCount < 2 { await Task.yield() }
            #expect(await power.set(isPlugged: true))
            #expect(power.isPlugged)
            var output = port.output.makeAsyncIterator()
            // The first to be heard is the first after the power is back.
            try port.put(.initialize, [9, 9, 9, 9, 9, 9, 9, 9], on: .broadcast)
            #expect(Array(try #require(await output.next()).bytes[7..<15]) == [9, 9, 9, 9, 9, 9, 9, 9])
            port.input.finish()
            try await group.waitForAll()
        }
        #expect(events.withLock { $0 } == [KeyPower.Event.removed, .restored])
        #expect(resets.withLock { $0 } == 2)
    }

    @Test("A client that leaves takes its channels with it; the power stays on")
    func clientLeft() async throws {
        let resets = Mutex(0)
        let key = DoorKey(authenticator: authenticator, power: KeyPower { resets.withLock { $0 += 1 } })
        let connection = ScriptedConnection()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await DoorSession(key: key, connection: connection).run() }
            var output = connection.output.makeAsyncIterator()
            let channel = try await open(connection, &output)
            connection.input.yield(.clientLeft)
            try connection.put(.ping, [], on: channel)
            #expect(await output.next()?.bytes[4] == 0xBF)
            connection.input.finish()
            try await group.waitForAll()
        }
        #expect(resets.withLock { $0 } == 0)
    }

    @Test("A thread of doors runs their tasks, wakes them for their descriptors, and ends waits that are cancelled")
    func thread() async throws {
        let (one, other) = try ReportSocket.pair()
        try await DoorThread.run { thread in
            let descriptor = try DoorDescriptor(other, on: thread)
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await thread.wait(for: POLLIN, of: [descriptor.number]) }
                group.cancelAll()
            }
            let here = pthread_self()
            try await withThrowingTaskGroup(of: [UInt8].self) { group in
                group.addTask {
                    #expect(pthread_equal(here, pthread_self()) != 0)
                    return try await descriptor.read(upTo: 100)
                }
                try await one.send(ReportFramingTests.report(3))
                #expect(try await group.next()?.count == 64)
            }
        }
    }

    @MainActor
    @Test("Doors run on their thread, whoever starts them")
    func callersActor() async throws {
        let main = pthread_self()
        try await DoorThread.run { _ in #expect(pthread_equal(main, pthread_self()) == 0) }
    }

    @Test("Only a socket at which nobody listens is replaced")
    func leftover() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "door-\(UUID())").path
        let busy = ReportSocketError.system(call: "bind", errorNumber: EADDRINUSE)
        let door = try StreamDoor(path: path)
        #expect(throws: busy) { try StreamDoor(path: path) }
        // Bound, but nobody listens: what a killed program leaves.
        door.close()
        let dead = try UnixSocketAddress(path).bindReplacingLeftover()
        let next = try StreamDoor(path: path)
        #expect(dead.number >= 0)
        next.close()
        #expect(access(path, F_OK) != 0)
        try Data().write(to: URL(filePath: path))
        #expect(throws: busy) { try StreamDoor(path: path) }
        unlink(path)
    }

    @Test("A connection beyond those that are served at a time is closed, and it is said why")
    func connectionLimit() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "door-\(UUID())").path
        let door = try StreamDoor(path: path)
        defer { door.close() }
        let key = DoorKey(authenticator: authenticator, power: KeyPower {})
        let (said, says) = AsyncStream.makeStream(of: String.self)
        let address = try UnixSocketAddress(path)
        try await DoorThread.run { thread in
            await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await door.run(for: key, on: thread, connectionLimit: 2) { says.yield("\($0)") }
                }
                let clients = (1...3).map { _ in try? UnixSocketAddress.socket() }
                for client in clients {
                    #expect(address.withAddress { Glibc.connect(client?.number ?? -1, $0, $1) } == 0)
                }
                var lines = said.makeAsyncIterator()
                #expect(
                    await lines.next()
                        == "a connection was closed: 2 are open, and more are not served at a time; close some")
                withExtendedLifetime(clients) {}
                group.cancelAll()
            }
        }
    }

    @Test("An address that is none is said to be", arguments: ["no.such.host.invalid", "300.1.1.1", "a b"])
    func unknownAddress(host: String) {
        #expect(throws: ReportSocketError.unknownAddress(host)) { try DatagramDoor(host: host, port: 0) }
    }

    @Test("IPv6 works as well", arguments: ["127.0.0.1", "::1"])
    func families(host: String) throws {
        #expect(try DatagramDoor(host: host, port: 0).port != 0)
        #expect(try StreamDoor(host: host, port: 0).port != 0)
    }
}
