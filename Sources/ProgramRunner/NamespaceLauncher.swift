import CLinuxProcess
import Dispatch
import FoundationEssentials
import Glibc
import HIDTransport
import Synchronization

/// Runs a program in a user and mount namespace of its own, in which virtual security keys are plugged in.
///
/// The process that calls this stays outside and answers for the keys. The way in is
/// `unshare`, then our own executable again (``InnerProgram``), then `bwrap`, then the program:
///
///     outside  aikagi with         sockets ⇄ CTAPHIDServer
///     inside   aikagi inside       device files (FUSE), sysfs, a copy of /dev, bind mounts, Xvfb
///              bwrap               the user's own number again
///              COMMAND
///
/// The program has our standard streams, our terminal with its job control, and our working directory. Nothing is left
/// on disk, and each process ends with its parent.
public final class NamespaceLauncher: Sendable {
    private let innerDescription: InnerDescription
    private let tools: HostTools
    private let innerArguments: [String]
    private let passed: Mutex<[SocketDescriptor]>
    private let control: SocketDescriptor
    private let controlling = DispatchQueue(label: "aikagi.launcher.control")

    /// Prepares a run; nothing is started yet.
    ///
    /// - Parameters:
    ///   - plan: What to run, and what is different for it.
    ///   - tools: Where `unshare` and `bwrap` are; see ``HostCheck``.
    ///   - innerArguments: The arguments with which our executable runs ``InnerProgram``; the number of the descriptor
    ///     is appended.
    /// - Throws: ``LaunchError``.
    public init(_ plan: ProgramPlan, tools: HostTools, innerArguments: [String] = ["inside"]) throws(LaunchError) {
        guard !plan.command.isEmpty else { throw .noCommand }
        var ends: [CInt] = [-1, -1]
        guard socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw .noResource("a socket", errorNumber: errno)
        }
        control = SocketDescriptor(takingOver: ends[0])
        let innerControl = SocketDescriptor(takingOver: ends[1])
        passed = Mutex(plan.keys.map(\.socket) + [innerControl])
        self.tools = tools
        self.innerArguments = innerArguments
        var description = InnerDescription(
            parentProcess: getpid(),
            keys: plan.keys.map {
                InnerDescription.Key(
                    identity: $0.key.identity, socketDescriptor: $0.socket.number, isPlugged: $0.isPlugged)
            }, userID: getuid(), groupID: getgid(), command: plan.command,
            environment: plan.environment.compactMapValues(\.self), ignoredSignals: SignalForwarding.ignored(),
            hasOwnProcessIDs: plan.hasOwnProcessIDs, bubblewrap: tools.bubblewrap)
        description.removedVariables = plan.environment.filter { $0.value == nil }.keys.sorted()
        description.controlDescriptor = innerControl.number
        description.binds = plan.binds
        description.display = plan.display
        innerDescription = description
    }

    /// Runs the program; may be called once.
    ///
    /// Signals that other processes send to this one are passed on to the program; those that the terminal sends reach
    /// it anyway and are ignored here. Cancelling the task sends SIGTERM, and three seconds later ends everything.
    ///
    /// - Returns: The program's exit status, or 128 and the number of the signal that ended it. A failure inside the
    ///   namespace is told on standard error there, and is status 1.
    /// - Throws: ``LaunchError``.
    public func run() async throws(LaunchError) -> Int32 {
        let description = try descriptionFile()
        let child = ChildProcess(
            ChildProcess.Plan(
                arguments: [
                    tools.unshare, "--user", "--mount", "--map-root-user", "--", try NamespaceLauncher.ownExecutable(),
                ]
                    + innerArguments + [String(description.number)],
                environment: ProcessInfo.processInfo.environment,
                inheritedDescriptors: [description.number] + passed.withLock { $0.map(\.number) },
                defaultSignals: ChildProcess.Plan.signalsOfAnyProgram))
        for signal in SandboxCommand.terminalSignals { _ = Glibc.signal(signal.number, SIG_IGN) }
        let outcome = await withTaskCancellationHandler {
            await run(child)
        } onCancel: {
            child.signal(SIGTERM)
            DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(3)) { child.signal(SIGKILL) }
        }
        withExtendedLifetime(description) {}
        return try outcome.get()
    }

    /// Plugs a key in or out while the program runs; returns when the program has been told.
    ///
    /// - Parameter number: The key's place in the plan.
    /// - Throws: ``LaunchError/noHotPlug(reason:)``, or ``LaunchError/noDevice(reason:)`` with what went wrong inside.
    public func setPlugged(_ isPlugged: Bool, key number: Int) async throws(LaunchError) {
        let command = isPlugged ? InnerControl.Command.plug(number) : .unplug(number)
        let control = control
        let answer: String? = await withCheckedContinuation { continuation in
            controlling.async {
                InnerControl.writeLine(command.line, to: control.number)
                continuation.resume(returning: InnerControl.readLine(from: control.number))
            }
        }
        guard let answer else { throw .serverGone }
        guard answer == InnerControl.done else { throw .noDevice(reason: answer) }
    }

    private func run(_ child: ChildProcess) async -> Result<Int32, LaunchError> {
        await withTaskGroup(of: Result<Int32, LaunchError>?.self) { group in
            let (started, hasStarted) = AsyncStream.makeStream(of: Void.self)
            group.addTask { [self] in
                do throws(LaunchError) {
                    let status = try await child.run { [self] in
                        // The other ends belong to the process inside alone, so that its end is the channels' end.
                        passed.withLock { $0 = [] }
                        // At once, on this thread: a signal that came before somebody catches it would be lost. What is
                        // wrong with it is said where the signals are read.
                        _ = try? SignalForwarding.begin()
                        hasStarted.yield()
                    }
                    return .success(status)
                } catch {
                    passed.withLock { $0 = [] }
                    return .failure(error)
                }
            }
            group.addTask {
                for await _ in started { break }
                do {
                    for await signal in try SignalForwarding.begin() { child.signal(signal) }
                } catch {
                    // Without a pipe signals keep their default: this process ends, and everything with it.
                }
                return nil
            }
            for await result in group {
                guard let result else { continue }
                group.cancelAll()
                return result
            }
            return .failure(.serverGone)
        }
    }

    /// The description in a file in memory, which the process inside inherits.
    private func descriptionFile() throws(LaunchError) -> SocketDescriptor {
        let number = aikagi_memory_file("aikagi-inside")
        guard number >= 0 else { throw .noResource("a file in memory", errorNumber: errno) }
        let file = SocketDescriptor(takingOver: number)
        guard let bytes = try? innerDescription.encoded() else { throw .unreadableDescription }  // our own types encode
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                write(number, buffer.baseAddress.map { $0 + written }, buffer.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw .noResource("a file in memory", errorNumber: errno) }
            written += count
        }
        lseek(number, 0, SEEK_SET)
        return file
    }

    private static func ownExecutable() throws(LaunchError) -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        guard count > 0 else { throw .notStarted(program: "/proc/self/exe", errorNumber: errno) }
        return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
