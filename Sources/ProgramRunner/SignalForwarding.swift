import CLinuxProcess
import Glibc
import HIDTransport
import Synchronization

/// The writing end of the pipe for ``SignalForwarding``; a signal handler can reach nothing but a global.
///
/// Written once, before any handler is installed.
private nonisolated(unsafe) var signalPipe: CInt = -1

/// Signals that other processes send to this one, to be passed on to the program.
///
/// Those that the kernel raises itself are left out: the keys of a terminal reach the whole process group, and so the
/// program, without our doing. The handlers stay for the life of the process, so one command does this once.
enum SignalForwarding {
    /// The signals that are passed on.
    static let signals: [Int32] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2]

    private static let stream = Mutex<AsyncStream<Int32>?>(nil)

    /// Catches the signals from now on.
    ///
    /// - Returns: The signals to pass on, one after the other; there is one reader.
    static func begin() throws(LaunchError) -> AsyncStream<Int32> {
        if let known = stream.withLock({ $0 }) { return known }
        var ends: [CInt] = [-1, -1]
        guard aikagi_pipe(&ends) == 0 else { throw .noResource("a pipe", errorNumber: errno) }
        let (signals, continuation) = AsyncStream.makeStream(of: Int32.self, bufferingPolicy: .bufferingOldest(64))
        let reader = ends[0]
        signalPipe = ends[1]
        // A full pipe must not block the handler.
        _ = fcntl(signalPipe, F_SETFL, O_NONBLOCK)
        let isStarted = OwnedThread.start {
            var byte: UInt8 = 0
            while true {
                let count = read(reader, &byte, 1)
                if count == 1 { continuation.yield(Int32(byte)) }
                if count == 0 || (count < 0 && errno != EINTR) { break }
            }
        }
        guard isStarted else { throw .noResource("a thread", errorNumber: EAGAIN) }
        for signal in SignalForwarding.signals { install(signal) }
        stream.withLock { $0 = signals }
        return signals
    }

    private static func install(_ signal: Int32) {
        var action = sigaction()
        action.sa_flags = SA_SIGINFO | CInt(SA_RESTART)
        action.__sigaction_handler.sa_sigaction = { number, information, _ in
            guard let information, aikagi_is_from_kernel(information) == 0 else { return }
            let saved = errno
            var byte = UInt8(truncatingIfNeeded: number)
            _ = write(signalPipe, &byte, 1)
            errno = saved
        }
        sigaction(signal, &action, nil)
    }

    /// Those of the terminal's signals that this process ignores, as nohup arranges it.
    static func ignored() -> [Int32] {
        SandboxCommand.terminalSignals.map(\.number).filter { number in
            var action = sigaction()
            guard sigaction(number, nil, &action) == 0 else { return false }
            return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
                == unsafeBitCast(SIG_IGN, to: Int.self)
        }
    }
}
