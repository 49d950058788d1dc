import CLinuxProcess
import FoundationEssentials
import Glibc
import HIDTransport

/// The process inside the namespace: puts up the device files, runs the program, and carries reports between the files
/// and the process outside.
///
/// It is started by ``NamespaceLauncher`` through `unshare` and ends with the program, with its parent, and with the
/// process that holds the authenticators.
public struct InnerProgram: Sendable {
    private let description: InnerDescription

    /// Reads what to do from the inherited file that the launcher named on the command line.
    ///
    /// - Throws: ``LaunchError/unreadableDescription``.
    public init(descriptionIn descriptor: Int32) throws(LaunchError) {
        guard let bytes = InnerProgram.contents(of: descriptor) else { throw .unreadableDescription }
        do {
            description = try InnerDescription(decoding: bytes)
        } catch {
            throw .unreadableDescription
        }
    }

    /// Does everything, and returns when the program has ended.
    ///
    /// - Returns: The program's exit status, or 128 and the number of the signal that ended it.
    /// - Throws: ``LaunchError``.
    public func run() async throws(LaunchError) -> Int32 {
        _ = aikagi_set_parent_death_signal(SIGKILL)
        // The parent may have died before that call.
        guard getppid() == description.parentProcess else { throw .serverGone }
        guard !description.command.isEmpty else { throw .noCommand }
        for signal in SandboxCommand.terminalSignals { _ = Glibc.signal(signal.number, SIG_IGN) }

        try InnerFileSystem.prepare()
        let sysfs = HidrawSysfs()
        var relays: [InnerRelay] = []
        for (number, key) in description.keys.enumerated() {
            let socket = ReportSocket(SocketDescriptor(takingOver: key.socketDescriptor))
            let path = try InnerFileSystem.makeDeviceFile(number)
            do {
                relays.append(InnerRelay(node: try HidrawNode(key.identity, at: path), socket: socket))
                try sysfs.add(key.identity, number: number)
            } catch let error as HidrawNodeError {
                throw .noDevice(reason: error.description)
            } catch {
                throw .notWritten(path: HidrawSysfs.path, reason: "\(error)")
            }
        }
        return try await runSandbox(relays)
    }

    private enum Event: Sendable {
        case ended(Result<Int32, LaunchError>)
        case relayEnded(isServerGone: Bool)
        case signalsEnded
    }

    private func runSandbox(_ relays: [InnerRelay]) async throws(LaunchError) -> Int32 {
        var ends: [CInt] = [-1, -1]
        guard pipe2(&ends, O_CLOEXEC) == 0 else { throw .noResource("a pipe", errorNumber: errno) }
        let status = SandboxStatus(takingOver: ends[0])
        let writer = SocketDescriptor(takingOver: ends[1])
        let child = ChildProcess(
            ChildProcess.Plan(
                arguments: SandboxCommand(description: description, statusDescriptor: writer.number).arguments,
                environment: environment, inheritedDescriptors: [writer.number],
                defaultSignals: ChildProcess.Plan.signalsOfAnyProgram))
        let isOwnNamespace = description.hasOwnProcessIDs

        let (outcome, isServerGone) = await withTaskGroup(of: Event.self) { group in
            let (started, hasStarted) = AsyncStream.makeStream(of: Void.self)
            group.addTask {
                do throws(LaunchError) {
                    return .ended(.success(try await child.run { hasStarted.yield() }))
                } catch {
                    return .ended(.failure(error))
                }
            }
            group.addTask {
                // Not before bwrap runs: it must inherit that the terminal's signals are ignored.
                for await _ in started { break }
                await InnerProgram.forwardSignals(to: child, status, isOwnNamespace: isOwnNamespace)
                return .signalsEnded
            }
            for relay in relays { group.addTask { .relayEnded(isServerGone: await relay.run()) } }

            var isServerGone = false
            for await event in group {
                switch event {
                case .ended(let result):
                    group.cancelAll()
                    return (result, isServerGone)
                case .relayEnded(isServerGone: true):
                    isServerGone = true
                    child.signal(SIGKILL)
                case .relayEnded(isServerGone: false), .signalsEnded: break
                }
            }
            return (.failure(LaunchError.sandboxFailed), isServerGone)
        }
        withExtendedLifetime(writer) {}
        let code = try outcome.get()
        if isServerGone { throw .serverGone }
        // bwrap tells the exit code of a program that it could start; what fails before is its own failure.
        if status.exitCode == nil && (1..<128).contains(code) { throw .sandboxFailed }
        return code
    }

    /// The inherited environment with the changes, and what makes libudev accept a sysfs of ours.
    private var environment: [String: String] {
        var environment = ProcessInfo.processInfo.environment
        if !description.keys.isEmpty { environment["SYSTEMD_DEVICE_VERIFY_SYSFS"] = "0" }
        return environment.merging(description.environment) { _, ours in ours }
    }

    private static func forwardSignals(
        to child: ChildProcess, _ status: SandboxStatus, isOwnNamespace: Bool
    ) async {
        let signals: AsyncStream<Int32>
        do {
            signals = try SignalForwarding.begin()
        } catch {
            // Without a pipe signals keep their default, which ends this process and everything with it.
            return
        }
        for await signal in signals { forward(signal, to: child, status, isOwnNamespace: isOwnNamespace) }
    }

    /// Sends a signal to the program itself: bwrap would keep it.
    private static func forward(
        _ signal: Int32, to child: ChildProcess, _ status: SandboxStatus, isOwnNamespace: Bool
    ) {
        let program = status.childProcess.flatMap { isOwnNamespace ? firstChild(of: $0) : $0 }
        if let program {
            kill(program, signal)
        } else if signal == SIGTERM {
            // It has not been started yet, and now it will not be.
            child.signal(SIGKILL)
        }
    }

    /// The first process that a process started: bwrap's process 1 starts nothing but the program.
    private static func firstChild(of process: Int32) -> Int32? {
        let path = "/proc/\(process)/task/\(process)/children"
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return nil }
        let text = String(decoding: buffer.prefix(count), as: UTF8.self)
        return text.split(separator: " ").first.flatMap { Int32($0) }
    }

    private static func contents(of descriptor: Int32) -> [UInt8]? {
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return bytes }
            bytes += buffer.prefix(count)
        }
    }
}
