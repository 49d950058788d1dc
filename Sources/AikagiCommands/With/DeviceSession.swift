import CTAP
import Foundation
import HIDTransport
import HybridProtocol
import HybridTransport
import ProgramRunner
import ScreenCapture

/// Everything around programs: their keys and phones, what they are told about them, and their screen.
struct DeviceSession: Sendable {
    /// What names of session folders begin with.
    static let folderPrefix = "session-"

    /// The most bytes that the run directory's path may have: a Unix socket's has 107 at most, and the names in it are
    /// `/session-4194304-XXXXXX/seat-99-key-99.sock` at the longest.
    static let longestDirectory = 63

    private let options: DeviceOptions
    private let log: EventLog
    private let directory: RunDirectory
    private let devices: SessionDevices
    private let needsScreen: Bool

    /// A session with these devices.
    ///
    /// - Parameter needsScreen: Whether its programs need a screen even if there is no phone.
    /// - Throws: ``CommandFailure`` when the run directory cannot be used.
    init(_ options: DeviceOptions, needsScreen: Bool = false, log: EventLog) throws(CommandFailure) {
        self.needsScreen = needsScreen
        self.options = options
        self.log = log
        directory = try options.runDirectory.directory()
        guard directory.path.utf8.count <= DeviceSession.longestDirectory else {
            throw CommandFailure(
                "the path \(directory.path) is too long for sockets in it; choose a shorter --run-directory")
        }
        devices = SessionDevices(options, log: log)
    }

    /// Runs a program among the devices.
    ///
    /// - Parameter command: The program and its arguments, and what else is different for it, once the session's folder is
    ///   there.
    /// - Returns: The program's exit status.
    func run(_ command: @escaping @Sendable (_ folder: String, _ plan: inout ProgramPlan) throws -> Void) async throws
        -> Int32
    {
        let tools = try await HostCheck.run(for: options.keys.isEmpty ? .namespace : .keys)
        return try await withStage { stage in
            var plan = stage.control.plan
            var channels: [any HIDReportChannel] = []
            for key in stage.rack.keys {
                let (channel, socket) = try ReportSocket.pair()
                channels.append(channel)
                plan.keys.append(AttachedKey(VirtualKey(name: key.name), socket: socket, isPlugged: key.isPlugged))
            }
            if let folder = plan.display?.folder { stage.control.screens(.added(folder)) }
            try command(stage.control.folder, &plan)
            let launcher = try NamespaceLauncher(plan, tools: tools)
            let seats = channels
            return try await withThrowingTaskGroup(of: Int32?.self) { group in
                defer { group.cancelAll() }
                group.addTask {
                    try await stage.control.run {}
                    return nil
                }
                group.addTask {
                    do {
                        try await stage.rack.serve(seats, plugged: stage.rack.keys.map(\.isPlugged)) { key, isPlugged in
                            try await launcher.setPlugged(isPlugged, key: key)
                        }
                    } catch is ReportSocketError {
                        // The program has ended within a report: the launcher says how.
                    }
                    return nil
                }
                group.addTask {
                    let status = try await launcher.run()
                    log.note("ended")
                    return status
                }
                while let status = try await group.next() {
                    if let status { return status }
                }
                throw SurroundingsError.notRunning
            }
        }
    }

    /// Keeps the devices up for programs that join, until the task is cancelled.
    ///
    /// - Parameter ready: Is told of the session's folder, and what is different for programs.
    func serve(_ ready: @escaping @Sendable (_ folder: String, _ plan: ProgramPlan) throws -> Void) async throws {
        _ = try await HostCheck.run(for: options.keys.isEmpty ? .namespace : .keys)
        try await withStage { stage in
            let (listening, isListening) = AsyncStream.makeStream(of: Void.self)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await stage.control.run { isListening.yield() } }
                group.addTask {
                    for await _ in listening { break }
                    try Task.checkCancellation()
                    try ready(stage.control.folder, stage.control.plan)
                }
                try await group.waitForAll()
            }
        }
    }

    /// What there is while programs run.
    private struct Stage: Sendable {
        let rack: KeyRack
        let control: SessionControl
    }

    private func withStage<Value: Sendable>(
        _ body: @escaping @Sendable (Stage) async throws -> Value
    ) async throws -> Value {
        try await SweptFolder.use(in: directory.path, prefix: DeviceSession.folderPrefix) { folder in
            let screen = try SessionScreen(options, isWanted: needsScreen, folder: folder.path)
            guard options.hasPhone else {
                return try await withKeys(
                    in: folder.path, world: nil, plan: screen.plan, screens: { _ in }, body)
            }
            return try await withPhones(in: folder, screen, body)
        }
    }

    private func withPhones<Value: Sendable>(
        in folder: SweptFolder, _ screen: SessionScreen, _ body: @escaping @Sendable (Stage) async throws -> Value
    ) async throws -> Value {
        let watch = ScreenWatch(log: log)
        let domain = try devices.domain()
        let radio = devices.radio(in: folder.path)
        var configuration = HybridSurroundings.Configuration(
            folder: folder.path, domain: domain, environment: ProcessInfo.processInfo.environment)
        configuration.isAdapterPowered = options.adapter == .on
        configuration.tunnel = options.tunnel.behaviour
        configuration.isOffline = options.offline
        if let display = screen.display { watch.tell(display: try XDisplayScreen(display)) }
        let phones = try await devices.phones()
        let surroundings = try HybridSurroundings(configuration, radio: radio) { watch.tell(isDiscovering: $0) }
        return try await surroundings.run { arrangement in
            folder.alsoRemove(arrangement.madeFolders)
            var plan = screen.plan
            plan.environment.merge(arrangement.environment) { _, new in new }
            plan.binds += arrangement.binds
            let world = SessionDevices.World(
                phones: phones, radio: radio, domain: domain, arrangement: arrangement,
                tunnel: options.tunnel.behaviour, log: log)
            if options.adapter == .off { log.note("adapter-off") }
            let announced = try announce(arrangement, domain, folder.path)
            defer { if let announced { directory.withdraw(announced) } }
            let ready = plan
            return try await withThrowingTaskGroup(of: Value?.self) { group in
                defer { group.cancelAll() }
                group.addTask {
                    await watch.run(world.desk)
                    return nil
                }
                group.addTask {
                    try await withKeys(
                        in: folder.path, world: world, plan: ready,
                        screens: { watch.tell($0) }, body)
                }
                while let value = try await group.next() {
                    if let value { return value }
                }
                throw SurroundingsError.notRunning
            }
        }
    }

    private func withKeys<Value: Sendable>(
        in folder: String, world: SessionDevices.World?, plan: ProgramPlan,
        screens: @escaping @Sendable (ScreenWatch.Folder) -> Void,
        _ body: @escaping @Sendable (Stage) async throws -> Value
    ) async throws -> Value {
        let (rack, phoneKeys) = try await devices.rack(world)
        let control = SessionControl(
            folder: folder, rack: rack, desk: world?.desk, plan: plan, screens: screens, log: log)
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            defer { group.cancelAll() }
            for key in phoneKeys {
                group.addTask {
                    await key.run()
                    return nil
                }
            }
            group.addTask { try await body(Stage(rack: rack, control: control)) }
            while let value = try await group.next() {
                if let value { return value }
            }
            throw SurroundingsError.notRunning
        }
    }

    /// Lets `aikagi phone scan` find the tunnel service and the radio, if somebody is to scan by hand.
    private func announce(
        _ arrangement: HybridSurroundings.Arrangement, _ domain: TunnelDomain, _ folder: String
    ) throws -> RunDirectory.RunningTunnel? {
        guard options.phones.contains(where: { $0.scanning == .manual }) else { return nil }
        let running = RunDirectory.RunningTunnel(
            address: "127.0.0.1", port: arrangement.tunnelPort, domain: domain.name, domainID: domain.id,
            ca: folder + "/tunnel-ca.pem", process: getpid(), radio: SessionDevices.radioFolder(in: folder))
        guard try directory.announce(running, caCertificate: arrangement.authorityPEM) else {
            throw CommandFailure(
                "another tunnel service is announced in \(directory.path); end it, or choose another --run-directory")
        }
        return running
    }
}
