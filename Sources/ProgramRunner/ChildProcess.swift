import Glibc
import HIDTransport
import Synchronization

/// A child process in the foreground process group, with our standard streams.
///
/// It is started by a thread that lives until it has ended, for PR_SET_PDEATHSIG means the end of the parent's *thread*:
/// started from a pooled thread, a child with that setting would be killed when the pool shrinks.
final class ChildProcess: Sendable {
    /// What to start.
    struct Plan: Sendable {
        /// The path of the program, and its arguments; the first is the program's name.
        var arguments: [String]
        /// The whole environment.
        var environment: [String: String]
        /// Descriptors that it inherits under the same number, besides the standard streams.
        var inheritedDescriptors: [Int32]
        /// Signals that are back to their default in the child, even if they are ignored here.
        var defaultSignals: [Int32]
        /// Whether its standard error goes nowhere.
        var isQuiet = false
        /// What becomes its standard input; ours when absent.
        var inputDescriptor: Int32?
        /// Whether what it prints goes to standard error, because standard output is for results of ours.
        var printsToStandardError = false
        /// A file for its standard output and standard error, which is made anew.
        var outputPath: String?
        /// Whether it leads a session of its own, so that the keys of the terminal do not reach it.
        var hasOwnSession = false
        /// Is called on the thread that starts the process, right before.
        var prepare: (@Sendable () -> Void)?
        /// Inherited descriptors that are the child's alone: once it runs they are closed here.
        var handedOver: [SocketDescriptor] = []

        /// What a command line tool may ignore or catch, and a program expects at its default.
        ///
        /// The terminal's signals
        /// are not among them.
        static let signalsOfAnyProgram = [SIGTERM, SIGPIPE, SIGUSR1, SIGUSR2, SIGCHLD]
    }

    private enum State {
        case unstarted
        case running(pid_t)
        case ended(Int32)
        case failed(Int32)
    }

    private let plan: Plan
    private let state = Mutex(State.unstarted)
    private let handedOver: Mutex<[SocketDescriptor]>

    init(_ plan: Plan) {
        var plan = plan
        handedOver = Mutex(plan.handedOver)
        plan.handedOver = []
        self.plan = plan
    }

    /// Starts the process and waits until it has ended.
    ///
    /// - Parameter started: Is called once it runs.
    /// - Returns: Its exit status, or 128 and the number of the signal that ended it.
    func run(started: @escaping @Sendable () -> Void = {}) async throws(LaunchError) -> Int32 {
        let outcome: State = await withCheckedContinuation { continuation in
            let isStarted = OwnedThread.start { [self] in
                let outcome = spawnAndWait(started)
                continuation.resume(returning: outcome)
            }
            if !isStarted { continuation.resume(returning: .failed(EAGAIN)) }
        }
        switch outcome {
        case .ended(let status): return status
        case .failed(let number): throw .notStarted(program: plan.arguments.first ?? "", errorNumber: number)
        case .unstarted, .running: return 1
        }
    }

    /// Sends a signal if it is running; one that has been waited for is never hit.
    func signal(_ number: Int32) {
        state.withLock { state in
            if case .running(let process) = state { kill(process, number) }
        }
    }

    private func spawnAndWait(_ started: () -> Void) -> State {
        let process: pid_t
        plan.prepare?()
        let outcome = spawn()
        handedOver.withLock { $0 = [] }
        switch outcome {
        case .success(let number): process = number
        case .failure(let error): return .failed(error.number)
        }
        state.withLock { $0 = .running(process) }
        started()
        // First only look, so that the number stays the child's until nobody can send it a signal any more.
        var information = siginfo_t()
        while waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT) != 0 && errno == EINTR {}
        return state.withLock { state in
            var status: CInt = 0
            while waitpid(process, &status, 0) < 0 && errno == EINTR {}
            let signal = status & 0x7F
            state = .ended(signal == 0 ? (status >> 8) & 0xFF : 128 + signal)
            return state
        }
    }

    /// POSIX_SPAWN_SETSID of `spawn.h`, which is behind _GNU_SOURCE.
    private static let ownSession: CInt = 0x80

    private struct ErrorNumber: Error { let number: Int32 }

    private func spawn() -> Result<pid_t, ErrorNumber> {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // A duplicate onto itself takes close-on-exec away, in the child only.
        for descriptor in plan.inheritedDescriptors {
            posix_spawn_file_actions_adddup2(&actions, descriptor, descriptor)
        }
        if let input = plan.inputDescriptor { posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO) }
        if plan.printsToStandardError {
            posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO)
        }
        if let path = plan.outputPath {
            posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
            posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        }
        if plan.isQuiet { posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var defaults = sigset_t()
        sigemptyset(&defaults)
        for signal in plan.defaultSignals { sigaddset(&defaults, signal) }
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        var blocked = sigset_t()
        sigemptyset(&blocked)
        posix_spawnattr_setsigmask(&attributes, &blocked)
        var flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        if plan.hasOwnSession { flags |= ChildProcess.ownSession }
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var arguments = plan.arguments.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var environment = plan.environment.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { environment.forEach { free($0) } }
        var process: pid_t = 0
        let status = posix_spawn(
            &process, plan.arguments.first ?? "", &actions, &attributes, &arguments, &environment)
        return status == 0 ? .success(process) : .failure(ErrorNumber(number: status))
    }
}
