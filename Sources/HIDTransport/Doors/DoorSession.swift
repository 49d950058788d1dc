import CTAPHID
import Synchronization

/// Serves a key at one connection: a new CTAPHID device each time the power comes back or another program comes.
struct DoorSession: Sendable {
    let key: DoorKey
    let connection: any DoorConnection

    /// Serves until the other side goes or the task is cancelled.
    func run() async throws {
        var early: DoorInput?
        while !Task.isCancelled {
            guard let generation = key.power.begin() else {
                guard connection.outlastsPower else { return }
                early = try await ignoreInput()
                continue
            }
            let channel = Segment(connection, first: early)
            early = nil
            if try await serve(channel, until: generation) { continue }
            switch channel.end {
            case .powerCycle: await key.power.cycle()
            case .clientLeft: continue
            case nil: return
            }
        }
    }

    /// Serves a new device.
    ///
    /// - Returns: Whether the power has ended it.
    private func serve(_ channel: Segment, until generation: UInt64) async throws -> Bool {
        defer { key.power.end(generation) }
        let server = CTAPHIDServer(
            authenticator: key.authenticator, channel: channel, configuration: key.nextConfiguration(),
            clock: ContinuousClock(), wink: key.wink)
        return try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await server.run()
                return false
            }
            group.addTask {
                await key.power.wait(beyond: generation)
                return true
            }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
    }

    /// Waits for the power; nobody hears what comes in meanwhile.
    ///
    /// - Returns: What has come in since the power is back, if anything has.
    private func ignoreInput() async throws -> DoorInput? {
        let generation = key.power.generation
        // It may have come back meanwhile.
        guard !key.power.isPlugged else { return nil }
        return try await withThrowingTaskGroup(of: DoorInput?.self) { group in
            group.addTask {
                while let input = try await connection.receive() {
                    if key.power.generation != generation { return input }
                }
                return nil
            }
            group.addTask {
                await key.power.wait(beyond: generation)
                return nil
            }
            defer { group.cancelAll() }
            if let input = try await group.next() ?? nil { return input }
            group.cancelAll()
            return try await group.next() ?? nil
        }
    }

    /// What of the connection one CTAPHID device sees.
    private final class Segment: HIDReportChannel {
        enum End: Sendable { case powerCycle, clientLeft }

        let reports: AsyncThrowingStream<HIDReport, any Error>
        private let connection: any DoorConnection
        private let ending: Ending

        private final class Ending: Sendable {
            let value = Mutex<End?>(nil)
        }

        private final class Beginning: Sendable {
            let value: Mutex<DoorInput?>
            init(_ input: DoorInput?) { value = Mutex(input) }
            func take() -> DoorInput? { value.withLock { $0.take() } }
        }

        /// - Parameter first: What has come in already.
        init(_ connection: any DoorConnection, first: DoorInput?) {
            let ending = Ending()
            let beginning = Beginning(first)
            self.connection = connection
            self.ending = ending
            reports = AsyncThrowingStream {
                let input = if let first = beginning.take() { first } else { try await connection.receive() }
                switch input {
                case .report(let report): return report
                case .powerCycle: ending.value.withLock { $0 = .powerCycle }
                case .clientLeft: ending.value.withLock { $0 = .clientLeft }
                case nil: break
                }
                return nil
            }
        }

        /// Why it ended although the connection has not.
        var end: End? { ending.value.withLock { $0 } }

        func setAttendant(_ attendant: HIDReportAttendant?) { connection.setAttendant(attendant) }

        func send(_ report: HIDReport) async throws { try await connection.send([report]) }

        func send(contentsOf reports: [HIDReport]) async throws { try await connection.send(reports) }
    }
}
