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
        guard await InnerProgram.dieWithParent() else { throw .noResource("a thread", errorNumber: EAGAIN) }
        // The parent may have died before that call.
        guard getppid() == description.parentProcess else { throw .serverGone }
        guard !description.command.isEmpty else { throw .noCommand }
        if description.hasOwnProcessIDs { _ = aikagi_adopt_orphans() }
        for signal in SandboxCommand.terminalSignals { _ = Glibc.signal(signal.number, SIG_IGN) }

        for bind in description.binds { try InnerFileSystem.bind(bind) }
        guard !description.keys.isEmpty else { return try await runSandbox([], nil) }
        try InnerFileSystem.prepare()
        try UdevBroadcast.pretendUdev()
        let slots = description.keys.enumerated().map { InnerSlot($1, number: $0) }
        for (slot, key) in zip(slots, description.keys) where key.isPlugged { try slot.plug(nil) }
        var broadcast: UdevBroadcast?
        do {
            broadcast = try await UdevBroadcast()
        } catch {
            // Keys that are there from the start work without it; only one that is to come later does not.
            if description.keys.contains(where: { !$0.isPlugged }) { throw error }
        }
        return try await runSandbox(slots, broadcast)
    }

    private enum Event: Sendable {
        case ended(Result<Int32, LaunchError>)
        case serverGone
        case otherEnded
    }

    private func runSandbox(_ slots: [InnerSlot], _ broadcast: UdevBroadcast?) async throws(LaunchError) -> Int32 {
        var ends: [CInt] = [-1, -1]
        guard aikagi_pipe(&ends) == 0 else { throw .noResource("a pipe", errorNumber: errno) }
        let status = SandboxStatus(takingOver: ends[0])
        // Now close-on-exec, before anything is started.
        let control = SocketDescriptor(takingOver: description.controlDescriptor)
        let writer = SocketDescriptor(takingOver: ends[1])
        let display = try description.display.map { (display) throws(LaunchError) in
            try InnerDisplay(display, environment: environment)
        }

        let (outcome, isServerGone) = await withTaskGroup(of: Event.self) { group in
            defer {
                display?.server.signal(SIGKILL)
                group.cancelAll()
            }
            var environment = environment
            if let display {
                group.addTask {
                    // Why it has ended does not matter: before it is ready, its file tells; later, the program itself does.
                    _ = try? await display.server.run()
                    return .otherEnded
                }
                do throws(LaunchError) {
                    environment["DISPLAY"] = try await display.name()
                } catch {
                    return (Result<Int32, LaunchError>.failure(error), false)
                }
            }
            var plan = ChildProcess.Plan(
                arguments: SandboxCommand(description: description, statusDescriptor: writer.number).arguments,
                environment: environment, inheritedDescriptors: [writer.number],
                defaultSignals: ChildProcess.Plan.signalsOfAnyProgram)
            if let broadcast { plan.prepare = { broadcast.adoptCallingThread() } }
            let child = ChildProcess(plan)
            let isOwnNamespace = description.hasOwnProcessIDs
            let (started, hasStarted) = AsyncStream.makeStream(of: Void.self)
            group.addTask {
                do throws(LaunchError) {
                    return .ended(
                        .success(
                            try await child.run {
                                // At once, as outside: a signal that came before would be lost.
                                _ = try? SignalForwarding.begin()
                                hasStarted.yield()
                            }))
                } catch {
                    return .ended(.failure(error))
                }
            }
            group.addTask {
                // Not before bwrap runs: it must inherit that the terminal's signals are ignored.
                for await _ in started { break }
                await InnerProgram.forwardSignals(to: child, status, isOwnNamespace: isOwnNamespace)
                return .otherEnded
            }
            for slot in slots {
                group.addTask {
                    await slot.run()
                    return .serverGone
                }
            }
            group.addTask {
                for await command in InnerControl.commands(from: control) {
                    InnerControl.writeLine(await InnerProgram.obey(command, slots, broadcast), to: control.number)
                }
                return .serverGone
            }

            var isServerGone = false
            for await event in group {
                switch event {
                case .ended(let result): return (result, isServerGone)
                case .serverGone:
                    isServerGone = true
                    child.signal(SIGKILL)
                case .otherEnded: break
                }
            }
            return (.failure(LaunchError.sandboxFailed), isServerGone)
        }
        withExtendedLifetime(writer) {}
        // bwrap does not wait for the first process of the program's own numbers, which ends with all others.
        if description.hasOwnProcessIDs { while waitpid(-1, nil, 0) > 0 || errno == EINTR {} }
        let code = try outcome.get()
        if isServerGone { throw .serverGone }
        // bwrap tells the exit code of a program that it could start; what fails before is its own failure.
        if status.exitCode == nil && (1..<128).contains(code) { throw .sandboxFailed }
        return code
    }

    /// Lets the kernel end this process when its parent ends.
    ///
    /// The setting goes with the thread that makes it, so that thread stays.
    private static func dieWithParent() async -> Bool {
        await withCheckedContinuation { continuation in
            let isStarted = OwnedThread.start {
                continuation.resume(returning: aikagi_set_parent_death_signal(SIGKILL) == 0)
                while true { pause() }
            }
            if !isStarted { continuation.resume(returning: false) }
        }
    }

    /// Plugs a key in or out.
    ///
    /// - Returns: What to answer.
    private static func obey(
        _ command: InnerControl.Command, _ slots: [InnerSlot], _ broadcast: UdevBroadcast?
    ) async -> String {
        do throws(LaunchError) {
            guard let broadcast else { throw .noHotPlug(reason: "the kernel does not allow it") }
            switch command {
            case .plug(let number) where slots.indices.contains(number): try slots[number].plug(broadcast)
            case .unplug(let number) where slots.indices.contains(number): try await slots[number].unplug(broadcast)
            case .plug(let number), .unplug(let number): throw .noDevice(reason: "there is no key \(number)")
            }
            return InnerControl.done
        } catch {
            return error.description
        }
    }

    /// The inherited environment with the changes, and what makes libudev accept a sysfs of ours.
    private var environment: [String: String] {
        var environment = ProcessInfo.processInfo.environment
        for name in description.removedVariables { environment.removeValue(forKey: name) }
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
