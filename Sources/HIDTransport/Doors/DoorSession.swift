import CTAPHID
import Synchronization

/// Serves a key at one connection: a new CTAPHID device each time the power comes back or another program comes.
struct DoorSession: Sendable {
    let key: DoorKey
    let connection: any DoorConnection

    /// Serves until the other side goes or the task is cancelled.
    func run() async throws {
        while !Task.isCancelled {
            let generation = key.power.generation
            let channel = Segment(connection)
            let server = CTAPHIDServer(
                authenticator: key.authenticator, channel: channel, configuration: key.nextConfiguration(),
                clock: ContinuousClock(), wink: key.wink)
            let isCut = try await withThrowingTaskGroup(of: Bool.self) { group in
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
            if isCut { continue }
            switch channel.end {
            case .powerCycle: await key.power.cycle()
            case .clientLeft: continue
            case nil: return
            }
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

        init(_ connection: any DoorConnection) {
            let ending = Ending()
            self.connection = connection
            self.ending = ending
            reports = AsyncThrowingStream {
                switch try await connection.receive() {
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

        func send(_ report: HIDReport) async throws { try await connection.send([report]) }

        func send(contentsOf reports: [HIDReport]) async throws { try await connection.send(reports) }
    }
}
