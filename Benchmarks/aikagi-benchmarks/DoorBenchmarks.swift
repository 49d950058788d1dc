import CDoorClient
import CTAP
import Crypto
import Foundation

extension AikagiBenchmarks {
    /// A key behind its doors, beside an echo of the same packets and a signature.
    static func doors(_ table: inout Table) async throws {
        defer { _ = aikagi_door_pin(AIKAGI_DOOR_ALL_CORES) }
        try await commandsAtDoors(&table)
        try roundTrips(&table, serversOn: AIKAGI_DOOR_FIRST_CORE, "one core")
        try roundTrips(&table, serversOn: AIKAGI_DOOR_OTHER_CORES, "two cores")
    }

    /// Client and key share one core: what each of them computes decides, and nothing else.
    private static func commandsAtDoors(_ table: inout Table) async throws {
        try pin(AIKAGI_DOOR_FIRST_CORE)
        let key = P256.Signing.PrivateKey()
        let message = [UInt8](repeating: 7, count: 100)
        let running = try RunningKey(doors: DoorAddress.all)
        defer { running.end() }
        for address in try running.addresses(count: DoorAddress.all.count) {
            var client = try DoorClient(address)
            try client.openChannel()
            let login = login("\(address.kind).example")
            let registration = registration(1, discoverable: false)
            let discoverable = Self.registration(
                1, discoverable: true, relyingPartyID: "\(address.kind).example")
            _ = try client.respond(to: discoverable)
            let times = try await interleaved(
                rounds: 1000,
                [
                    { _ = try key.signature(for: message) }, { _ = try client.respond(to: registration) },
                    { _ = try client.respond(to: login) },
                ])
            table.add("makeCredential, \(address.kind)", times[1], floor: times[0], "a signature", limit: 39)
            table.add("getAssertion, \(address.kind)", times[2], floor: times[0], "a signature", limit: 19)
        }
    }

    /// getInfo beside an echo, key and echo in the same place: with the client on one core, or apart from it.
    ///
    /// Left to itself, the kernel puts one of the two beside the client and the other one apart, as chance will have it, and to
    /// wake another core can cost more than all the rest. In blocks, as a client asks that does nothing else.
    private static func roundTrips(
        _ table: inout Table, serversOn cores: aikagi_door_cores, _ place: String
    ) throws {
        try pin(cores)
        let running = try RunningKey(doors: DoorAddress.all)
        defer { running.end() }
        for address in try running.addresses(count: DoorAddress.all.count) {
            var client = try DoorClient(address)
            try client.openChannel()
            let reports = try client.reports(of: CTAPRequest(.getInfo))
            try pin(cores)
            let echo = try RunningEcho(address.kind, answer: client.exchange(reports))
            defer { echo.end() }
            try pin(AIKAGI_DOOR_FIRST_CORE)
            let echoClient = try DoorClient(echo.address)
            let times = try alternatingBlocks(
                rounds: 9, each: .milliseconds(100),
                [{ _ = try echoClient.exchange(reports) }, { _ = try client.exchange(reports) }])
            table.add("getInfo, \(address.kind), \(place)", times[1], floor: times[0], "an echo", limit: 2)
        }
    }

    private static func pin(_ cores: aikagi_door_cores) throws {
        guard aikagi_door_pin(cores) == 0 else {
            throw DoorClient.Failure(description: "the benchmark may not choose its core")
        }
    }

    /// The median of each action, in nanoseconds; again and again for some time, and then the next one.
    private static func alternatingBlocks(
        rounds: Int, each duration: Duration, _ actions: [() throws -> Void]
    ) throws -> [Double] {
        var samples: [[Double]] = actions.map { _ in [] }
        for _ in 0..<rounds {
            for (index, action) in actions.enumerated() {
                let end = ContinuousClock.now + duration
                var start = ContinuousClock.now
                while start < end {
                    try action()
                    let now = ContinuousClock.now
                    samples[index].append(start.duration(to: now) / .nanoseconds(1))
                    start = now
                }
            }
        }
        return samples.map { $0.sorted()[$0.count / 2] }
    }

    /// How long `aikagi key` takes to be ready, and how much memory it then holds: the program of `AIKAGI` in the environment, or
    /// the one beside this.
    static func start(_ table: inout Table) async throws {
        let program = aikagi
        var (times, floors): ([Double], [Double]) = ([], [])
        var (sizes, least): ([Double], [Double]) = ([], [])
        for _ in 0..<21 {
            let start = ContinuousClock.now
            let running = try RunningKey(program, doors: [.udp])
            let address = try running.addresses(count: 1)[0]
            times.append(start.duration(to: .now) / .milliseconds(1))
            var client = try DoorClient(address)
            try client.openChannel()
            _ = try client.respond(to: CTAPRequest(.getInfo))
            sizes.append(try running.child.residentMegabytes())
            running.end()
            // What a process of this kind cannot do without: to be started and to say a line; the benchmark itself is one.
            let floorStart = ContinuousClock.now
            let echo = try RunningEcho("udp", answer: [])
            floors.append(floorStart.duration(to: .now) / .milliseconds(1))
            least.append(try echo.child.residentMegabytes())
            echo.end()
        }
        func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
        table.add(
            "aikagi key, ready after", median(times), "ms", floor: median(floors), "a program that says a line",
            limit: 50)
        table.add("aikagi key, resident", median(sizes), "MB", floor: median(least), "the same program", limit: 30)
    }
}
