import ArgumentParser
import Glibc
import UnixSignals

/// Runs a command's work so that SIGINT and SIGTERM end it cleanly.
///
/// The work is cancelled, whatever it started is torn down, and the process exits with 128 and the signal's number.
/// Failures become one line on standard error.
///
/// - Parameter json: whether a failure is also printed as an event on standard output.
func runInterruptibly(json: Bool = false, _ work: @escaping @Sendable () async throws -> Void) async throws {
    _ = Glibc.signal(SIGPIPE, SIG_IGN)
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    let outcome: Result<CInt?, any Error> = await withTaskGroup(of: Result<CInt?, any Error>.self) { group in
        group.addTask {
            do {
                try await work()
                return .success(nil)
            } catch {
                return .failure(error)
            }
        }
        group.addTask {
            for await signal in signals { return .success(signal == .sigint ? SIGINT : SIGTERM) }
            return .success(nil)
        }
        let first = await group.next() ?? .success(nil)
        group.cancelAll()
        // The work's own teardown is waited for, so that nothing is left behind.
        for await _ in group {}
        return first
    }
    switch outcome {
    case .success(nil):
        guard let reason = Console.writeFailure else { return }
        Console.standard.error("cannot write to standard output: \(reason)")
        throw ExitCode(ExitStatus.failure)
    case .success(let signal?): throw ExitCode(ExitStatus.signal(signal))
    case .failure(let error):
        if let exit = error as? ExitCode { throw exit }
        if json { Console.standard.json(FailedEvent(message: "\(error)".printable)) }
        Console.standard.error("\(error)")
        throw ExitCode(ExitStatus.failure)
    }
}

/// The last of a command's JSON Lines when it fails.
private struct FailedEvent: Encodable {
    var event = "failed"
    var message: String
}
